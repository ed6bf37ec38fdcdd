// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "harness/host/process.h"
#include "harness/host/runtime_dir.h"
#include "harness/undo/kind.h"
#include "harness/undo/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* A list is as long as the runs make it; this is far beyond any and keeps a damaged one from
 * hurting. */
#define LIST_BYTES_MAX (16 << 20)

struct cleanup {
	bool dry;
	void (*say)(const char *what);
	struct oom_err *err;
	int failed; /* the first -errno */
	int count;
};

static void failed(struct cleanup *c, int r, const char *fmt, const char *object)
{
	if (!c->failed)
		c->failed = r < 0 ? oom_err_errno(c->err, -r, fmt, object) : -EIO;
}

static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	oom_autofree char *text = NULL;
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > LIST_BYTES_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + len, (size_t)st.st_size - len, (off_t)len);

		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret_text = oom_take_ptr(text);
	*ret_len = len;
	return 0;
}

static void name_entries(struct cleanup *c, const struct oom_undo_entries *list, bool same_boot)
{
	for (unsigned i = list->count; i > 0; i--) {
		const struct oom_undo_entry *entry = &list->items[i - 1];
		char what[512];

		if (!same_boot && !entry->kind->survives_boot)
			continue;
		c->count++;
		snprintf(what, sizeof(what), "would %s '%s'", entry->kind->verb, entry->args[0]);
		if (c->say)
			c->say(what);
	}
}

/* ".undo.PID.START.N" has no name yet. If its maker died on the way there is nothing in it to undo.
 */
static void cleanup_unnamed(int dir_fd, const char *name)
{
	uint64_t start, now_start;
	char state;
	int pid;

	if (sscanf(name, ".undo.%d.%" SCNu64, &pid, &start) != 2)
		return;
	if (!oom_process_stat(pid, &state, &now_start) && now_start == start)
		return;
	unlinkat(dir_fd, name, 0);
}

static void cleanup_list(struct cleanup *c, int dir_fd, const char *name)
{
	oom_autoclose int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct oom_undo_entries list = {0};
	oom_autofree char *text = NULL;
	char boot_id[40] = "", owner_boot[40] = "";
	bool same_boot;
	struct stat st;
	size_t len = 0;
	int r, first = 0;

	if (fd < 0) {
		if (errno != ENOENT)
			failed(c, -errno, "cannot open the undo list '%s'", name);
		return;
	}
	/* held: its owner lives, or another cleanup is at it; no links: another one was faster */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || !st.st_nlink)
		return;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		failed(c, -EPERM,
			"the undo list '%s' is not private to this user: check it and remove it",
			name);
		return;
	}
	r = read_all(fd, &text, &len);
	if (!r)
		r = oom_undo_boot_id(boot_id);
	if (!r)
		r = oom_undo_list_parse(text, len, owner_boot, &list);
	same_boot = !strcmp(boot_id, owner_boot);
	if (r < 0)
		failed(c, r, "the undo list '%s' cannot be read: check it and remove it", name);
	if (c->dry) {
		name_entries(c, &list, same_boot);
	} else {
		c->count += oom_undo_entries_run(
			&list, !same_boot, c->say, c->failed ? NULL : c->err, &first);
		if (first && !c->failed)
			c->failed = first;
		if (!first && !r)
			unlinkat(dir_fd, name, 0);
	}
	oom_undo_entries_drop(&list, 0);
}

static void cleanup_dir(struct cleanup *c, const char *path)
{
	oom_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	int fd = oom_runtime_dir_trusted(path, NULL);

	if (fd < 0)
		return; /* none, or another user's */
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while ((d = readdir(dir)))
		if (!strncmp(d->d_name, "undo.", 5))
			cleanup_list(c, dirfd(dir), d->d_name);
		else if (!c->dry && !strncmp(d->d_name, ".undo.", 6))
			cleanup_unnamed(dirfd(dir), d->d_name);
}

int oom_undo_cleanup(int dry, void (*say)(const char *what), struct oom_err *err)
{
	struct cleanup c = {.dry = dry != 0, .say = say, .err = err};
	char path[PATH_MAX], before[PATH_MAX] = "";

	for (unsigned i = 0; !oom_runtime_dir_candidate(i, path, sizeof(path)); i++) {
		if (strcmp(path, before) != 0)
			cleanup_dir(&c, path);
		snprintf(before, sizeof(before), "%s", path);
	}
	return c.failed ? c.failed : c.count;
}
