// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/cache/pack.h"
#include "harness/guest/cache/tool.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* In the guests these are links into /usr: what a tree has there belongs into /usr. */
static const char *const merged[] = {"bin", "sbin", "lib", "lib64"};
enum { MERGED = sizeof(merged) / sizeof(*merged) };

static const char *target_name(
	const char *prefix, const char *name, bool top, char *buf, size_t size)
{
	const char *usr = "";

	for (size_t i = 0; top && i < MERGED; i++)
		if (!strcmp(name, merged[i]))
			usr = "usr/";
	if (snprintf(buf, size, "%s/%s%s", prefix, usr, name) >= (int)size)
		return NULL;
	return buf;
}

static int pack_below(
	struct oom_pack *pack, const char *prefix, const char *path, bool top, struct oom_err *err);

static int pack_link(struct oom_pack *pack, const char *name, const char *path, struct oom_err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	int r;

	if (n < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	target[n] = '\0';
	r = oom_pack_link(pack, name, target);
	return r ? oom_err_errno(err, -r, "cannot pack '%s'", path) : 0;
}

static int pack_one(struct oom_pack *pack, const char *name, const char *path, struct oom_err *err)
{
	struct stat st;
	int r;

	if (lstat(path, &st) < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	if (S_ISREG(st.st_mode))
		return oom_pack_file(pack, name, path, 0, err);
	if (S_ISLNK(st.st_mode))
		return pack_link(pack, name, path, err);
	if (!S_ISDIR(st.st_mode))
		return oom_err_set(
			err, EINVAL, "cannot pack '%s': not a file, folder or symbolic link", path);
	r = oom_pack_dir(pack, name);
	if (r)
		return oom_err_errno(err, -r, "cannot pack '%s'", path);
	return pack_below(pack, name, path, false, err);
}

static int no_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

static int pack_below(
	struct oom_pack *pack, const char *prefix, const char *path, bool top, struct oom_err *err)
{
	struct dirent **names;
	int n = scandir(path, &names, no_dots, alphasort), r = 0;

	if (n < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	for (int i = 0; i < n; i++) {
		char name[PATH_MAX], full[PATH_MAX];

		if (!r &&
			(!target_name(prefix, names[i]->d_name, top, name, sizeof(name)) ||
				snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name) >=
					(int)sizeof(full)))
			r = oom_err_set(err, ENAMETOOLONG, "a name below '%s' is too long", path);
		if (!r)
			r = pack_one(pack, name, full, err);
		free(names[i]);
	}
	free(names);
	return r;
}

/* /bin/x and /usr/bin/x of a tree would be one file in a guest; two folders become one. */
static int check_twins(const char *path, const char *twin, struct oom_err *err)
{
	struct stat st, twin_st;
	struct dirent **names;
	int n, r = 0;

	if (lstat(path, &st) < 0 || lstat(twin, &twin_st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode) || !S_ISDIR(twin_st.st_mode))
		return oom_err_set(err, EEXIST,
			"'%s' and '%s' have the same path in a guest: remove one", path, twin);
	n = scandir(path, &names, no_dots, alphasort);
	for (int i = 0; i < n; i++) {
		char below[PATH_MAX], twin_below[PATH_MAX];

		if (!r &&
			snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name) <
				(int)sizeof(below) &&
			snprintf(twin_below, sizeof(twin_below), "%s/%s", twin, names[i]->d_name) <
				(int)sizeof(twin_below))
			r = check_twins(below, twin_below, err);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return r;
}

int oom_pack_tree(struct oom_pack *pack, const char *prefix, const char *path, struct oom_err *err)
{
	int r = 0;

	for (size_t i = 0; i < MERGED && !r; i++) {
		char below[PATH_MAX], twin[PATH_MAX];

		if (snprintf(below, sizeof(below), "%s/%s", path, merged[i]) < (int)sizeof(below) &&
			snprintf(twin, sizeof(twin), "%s/usr/%s", path, merged[i]) <
				(int)sizeof(twin))
			r = check_twins(below, twin, err);
	}
	return r ? r : pack_below(pack, prefix, path, true, err);
}

/* xz, zstd and gzip by their magic numbers; NULL: not compressed. */
static const char *decompressor(const char *path)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *program;
	} known[] = {{"\xfd"
		      "7zXZ",
			     5, "xz"},
		{"\x28\xb5\x2f\xfd", 4, "zstd"}, {"\x1f\x8b", 2, "gzip"}};
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[8] = "";

	if (fd >= 0 && read(fd, head, sizeof(head)) > 0)
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (!memcmp(head, known[i].magic, known[i].len))
				return known[i].program;
	return NULL;
}

int oom_unpack_file(struct oom_arena *arena, const char *path, const char *temp, char **ret,
	size_t *ret_len, struct oom_err *err)
{
	const char *program = decompressor(path);
	const char *const argv[] = {
		"sh", "-c", "exec \"$0\" -dc <\"$1\" >\"$2\"", program, path, temp, NULL};
	char log[PATH_MAX];
	int r = 0;

	if (program) {
		snprintf(log, sizeof(log), "%s.log", temp);
		r = oom_tool_run(argv, NULL, log, err);
		unlink(log);
	}
	if (!r) {
		r = oom_file_read(arena, program ? temp : path, 64 << 20, ret, ret_len);
		if (r)
			oom_err_errno(err, -r, "cannot read '%s'", path);
	}
	if (program)
		unlink(temp);
	return r;
}
