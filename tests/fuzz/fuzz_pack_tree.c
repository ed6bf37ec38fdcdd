// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A tree that goes into a guest: the bytes say which files, folders, links and other things lie in it. The archive,
 * read back here, holds every one of them once, with its content, its target, its mode, below the prefix and with
 * no way out of it; what cannot be packed is refused with a message.
 */
#include "harness/guest/cache/pack.h"
#include "tests/support/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "tree"

/* ---- the tree: entries of "KIND MODE NAME_LEN NAME BODY_LEN BODY", a byte for each number ---- */
struct input {
	const uint8_t *at, *end;
};

static unsigned take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* At most @max of the bytes that are left, NUL-terminated; an empty one where there are none. */
static size_t take_bytes(struct input *in, char *buf, size_t max)
{
	size_t len = take(in) % max;

	if (len > (size_t)(in->end - in->at))
		len = (size_t)(in->end - in->at);
	memcpy(buf, in->at, len);
	buf[len] = '\0';
	in->at += len;
	return len;
}

/* A name in one folder: no slash, not "." or "..". */
static void take_name(struct input *in, char *buf, size_t max)
{
	take_bytes(in, buf, max);
	for (char *p = buf; *p; p++)
		if (*p == '/')
			*p = '_';
	if (!*buf || !strcmp(buf, ".") || !strcmp(buf, ".."))
		strcpy(buf, "n");
}

static void make_file(const char *path, unsigned mode, const char *body, size_t len)
{
	FILE *file = fopen(path, "wxe");

	if (!file)
		return;
	fwrite(body, 1, len, file);
	fclose(file);
	chmod(path, 0400 | (mode & 0377) | (mode & 1 ? 04000 : 0)); /* one that can be read */
}

/* Makes what the bytes say below @root; true: all of it is of a kind that can be packed. */
static bool make_tree(struct input *in, const char *root)
{
	char dir[PATH_MAX], path[PATH_MAX], name[200], body[256];
	bool plain = true;

	strcpy(dir, root);
	for (int i = 0; i < 24 && in->at < in->end; i++) {
		unsigned kind = take(in), mode = take(in);
		size_t len;

		take_name(in, name, sizeof(name));
		len = take_bytes(in, body, sizeof(body));
		if (snprintf(path, sizeof(path), "%s/%s", dir, name) > 1500)
			continue;
		if (kind % 8 < 3)
			make_file(path, mode, body, len);
		else if (kind % 8 < 5)
			(void)!symlink(*body ? body : "x", path);
		else if (kind % 8 == 5)
			plain = !mkfifo(path, 0600) ? false : plain;
		else if (kind % 8 == 6 && !mkdir(path, 0700 | (mode & 077)))
			strcpy(dir, path);
		else if (kind % 8 == 7)
			strcpy(dir, root);
	}
	return plain;
}

static void remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		char below[PATH_MAX];

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
			snprintf(below, sizeof(below), "%s/%s", path, d->d_name) >=
				(int)sizeof(below))
			continue;
		if (unlink(below) < 0)
			remove_tree(below);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* ---- the archive, read back ---- */
struct member {
	char name[PATH_MAX], target[PATH_MAX];
	const char *body;
	size_t size, mode;
	char type; /* as in ustar: 0, 2, 5 */
};

static size_t number(const char *at, size_t digits, int base)
{
	char buf[16] = "", *end;
	size_t n;

	memcpy(buf, at, digits);
	n = strtoul(buf, &end, base);
	FUZZ_CHECK(end == buf + digits);
	return n;
}

static const char *next_tar(const char *at, const char *end, struct member *ret)
{
	unsigned sum = 8 * ' ';

	FUZZ_CHECK(end - at >= 512);
	if (!*at)
		return NULL;
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? 0 : (unsigned char)at[i];
	FUZZ_CHECK(number(at + 148, 6, 8) == sum && !memcmp(at + 257, "ustar\00000", 8));
	snprintf(ret->name, sizeof(ret->name), "%.155s%s%.100s", at + 345, at[345] ? "/" : "", at);
	snprintf(ret->target, sizeof(ret->target), "%.100s", at + 157);
	ret->mode = number(at + 100, 7, 8);
	ret->size = number(at + 124, 11, 8);
	ret->type = at[156];
	ret->body = at + 512;
	return at + 512 + (ret->size + 511) / 512 * 512;
}

static const char *next_cpio(const char *at, const char *end, struct member *ret)
{
	size_t name_len, head;

	FUZZ_CHECK(end - at >= 110 && !memcmp(at, "070701", 6));
	name_len = number(at + 94, 8, 16);
	head = (110 + name_len + 3) / 4 * 4;
	FUZZ_CHECK(name_len && name_len <= sizeof(ret->name) && (size_t)(end - at) >= head &&
		!at[109 + name_len]);
	strcpy(ret->name, at + 110);
	if (!strcmp(ret->name, "TRAILER!!!"))
		return NULL;
	ret->mode = number(at + 14, 8, 16);
	ret->size = number(at + 54, 8, 16);
	ret->type = S_ISDIR(ret->mode) ? '5' : S_ISLNK(ret->mode) ? '2' : '0';
	ret->mode &= 07777;
	ret->body = at + head;
	FUZZ_CHECK((size_t)(end - ret->body) >= ret->size &&
		(ret->type != '2' || ret->size < sizeof(ret->target)));
	snprintf(ret->target, sizeof(ret->target), "%.*s", ret->type == '2' ? (int)ret->size : 0,
		ret->body);
	return at + (head + ret->size + 3) / 4 * 4;
}

static bool is_merged(const char *name)
{
	static const char *const merged[] = {"bin", "sbin", "lib", "lib64"};
	size_t len = strcspn(name, "/");

	for (size_t i = 0; i < 4; i++)
		if (len == strlen(merged[i]) && !strncmp(name, merged[i], len))
			return true;
	return false;
}

/* Is the member what lies at @path? */
static bool is_at(const struct member *m, const char *path)
{
	char target[PATH_MAX] = "", body[512];
	struct stat st;
	FILE *file;
	bool same;

	if (lstat(path, &st) < 0 ||
		m->type !=
			(S_ISDIR(st.st_mode)		      ? '5'
					: S_ISLNK(st.st_mode) ? '2'
							      : '0'))
		return false;
	if (m->type == '2')
		return readlink(path, target, sizeof(target) - 1) > 0 && !strcmp(target, m->target);
	if (m->type == '5')
		return true;
	file = fopen(path, "re");
	FUZZ_CHECK(file);
	same = m->mode == (st.st_mode & 07777) && fread(body, 1, sizeof(body), file) == m->size &&
		!memcmp(body, m->body, m->size);
	fclose(file);
	return same;
}

/* Is the member what lies in the tree under its name? /bin and its like of the tree are in /usr. */
static void check_member(const struct member *m, const char *root)
{
	static const char usr[] = PREFIX "/usr/";
	char path[PATH_MAX], merged[PATH_MAX];
	const char *name = m->name;

	FUZZ_CHECK(!strncmp(name, PREFIX "/", sizeof(PREFIX)) && !strstr(name, "/../"));
	FUZZ_CHECK(snprintf(path, sizeof(path), "%s/%s", root, name + sizeof(PREFIX)) <
		(int)sizeof(path));
	if (is_at(m, path))
		return;
	FUZZ_CHECK(!strncmp(name, usr, strlen(usr)) && is_merged(name + strlen(usr)));
	snprintf(merged, sizeof(merged), "%s/%s", root, name + strlen(usr));
	FUZZ_CHECK(is_at(m, merged));
}

static size_t count_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	size_t count = 0;

	while (dir && (d = readdir(dir))) {
		char below[PATH_MAX];

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
			snprintf(below, sizeof(below), "%s/%s", path, d->d_name) >=
				(int)sizeof(below))
			continue;
		count += 1 + (d->d_type == DT_DIR ? count_tree(below) : 0);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void pack(const char *root, bool tar, bool plain)
{
	struct oom_pack pack = {.tar = tar};
	struct oom_err err = {0};
	struct member m;
	char *archive = NULL;
	size_t len, count = 0;
	int r;

	pack.out = open_memstream(&archive, &len);
	FUZZ_CHECK(pack.out);
	r = oom_pack_tree(&pack, PREFIX, root, &err);
	FUZZ_CHECK(r <= 0 && (r == 0) == !*err.msg && (plain || r < 0));
	FUZZ_CHECK(!oom_pack_close(&pack, &err) && len % 512 == 0);
	for (const char *at = archive; r == 0 && at; count += !!at) {
		at = tar ? next_tar(at, archive + len, &m) : next_cpio(at, archive + len, &m);
		FUZZ_CHECK(!at || at < archive + len);
		if (at)
			check_member(&m, root);
	}
	FUZZ_CHECK(r < 0 || count == count_tree(root));
	free(archive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	char root[] = "/dev/shm/oomgate-fuzz.XXXXXX";
	bool plain;

	FUZZ_CHECK(mkdtemp(root));
	plain = make_tree(&in, root);
	pack(root, true, plain);
	pack(root, false, plain);
	remove_tree(root);
	return 0;
}
