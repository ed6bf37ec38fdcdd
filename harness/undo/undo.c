// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/undo.h"

#include "harness/host/process.h"
#include "harness/host/runtime_dir.h"
#include "harness/undo/kind.h"
#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/*
 * The file: one line that names the owner, then one line a change. Its owner holds a lock
 * (flock(2)) on it for as long as it lives, so that nobody takes a living one's list for a left
 * one, whatever pid namespaces lie between them.
 */
struct oom_undo {
	int fd, dir_fd;
	char name[80];
	char path[PATH_MAX];
	long size;
	struct oom_undo_entries list;
};

int oom_undo_boot_id(char buf[static 40])
{
	oom_autoclose int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, 39);

	if (n <= 0)
		return -EIO;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static void undo_free(struct oom_undo **undo)
{
	if (!*undo)
		return;
	oom_undo_entries_drop(&(*undo)->list, 0);
	oom_closep(&(*undo)->fd);
	oom_closep(&(*undo)->dir_fd);
	free(*undo);
	*undo = NULL;
}

/* All of @text at the end of the list, synced; what was written in part is taken back. */
static int append(struct oom_undo *undo, const char *text, struct oom_err *err)
{
	size_t len = strlen(text), done = 0;
	int code = 0;

	while (done < len && !code) {
		ssize_t n = pwrite(undo->fd, text + done, len - done, undo->size + (long)done);

		if (n < 0 && errno != EINTR)
			code = errno;
		else if (n > 0)
			done += (size_t)n;
	}
	if (!code && fdatasync(undo->fd) < 0)
		code = errno;
	if (code) {
		if (ftruncate(undo->fd, undo->size) < 0)
			code = errno;
		return oom_err_errno(err, code,
			"cannot write the undo list '%s', so nothing is changed on this machine",
			undo->path);
	}
	undo->size += (long)len;
	return 0;
}

/* Under a name that nobody reads until it is locked and has its first line. */
static int create(struct oom_undo *undo, struct oom_err *err)
{
	char boot_id[40], header[160], hidden[sizeof(undo->name) + 8];
	struct oom_bounded path;
	uint64_t start;
	char state;
	int r = oom_process_stat(getpid(), &state, &start);

	if (!r)
		r = oom_undo_boot_id(boot_id);
	if (r < 0)
		return oom_err_errno(
			err, -r, "cannot identify this process from '/proc': is it mounted?");
	for (unsigned i = 0;; i++) {
		snprintf(undo->name, sizeof(undo->name), "undo.%d.%" PRIu64 ".%u", (int)getpid(),
			start, i);
		snprintf(hidden, sizeof(hidden), ".%s", undo->name);
		if (!faccessat(undo->dir_fd, undo->name, F_OK, 0))
			continue;
		undo->fd = openat(undo->dir_fd, hidden,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (undo->fd >= 0 || errno != EEXIST)
			break;
	}
	if (undo->fd < 0 || flock(undo->fd, LOCK_EX | LOCK_NB) < 0)
		return oom_err_errno(err, errno, "cannot create an undo list in '%s'", undo->path);
	path = oom_bounded_behind(undo->path, sizeof(undo->path));
	oom_bounded_printf(&path, "/%s", undo->name);
	snprintf(header, sizeof(header), OOM_UNDO_MAGIC " %d %" PRIu64 " %s\n", (int)getpid(),
		start, boot_id);
	r = append(undo, header, err);
	if (!r && renameat2(undo->dir_fd, hidden, undo->dir_fd, undo->name, RENAME_NOREPLACE) < 0)
		r = oom_err_errno(err, errno, "cannot name the undo list '%s'", undo->path);
	if (r < 0)
		unlinkat(undo->dir_fd, hidden, 0);
	else
		(void)fsync(undo->dir_fd); /* its name; some file systems cannot, and need not */
	return r;
}

int oom_undo_open(struct oom_err *err, struct oom_undo **ret)
{
	oom_cleanup(undo_free) struct oom_undo *undo = calloc(1, sizeof(*undo));
	int r;

	if (!undo)
		return oom_err_set(err, ENOMEM, "no memory for an undo list");
	undo->fd = undo->dir_fd = -1;
	/* room for "/" and the name: the directory must be short enough */
	r = oom_runtime_dir_open(
		err, undo->path, sizeof(undo->path) - sizeof(undo->name) - 1, &undo->dir_fd);
	if (!r)
		r = create(undo, err);
	if (r < 0)
		return r;
	*ret = oom_take_ptr(undo);
	return 0;
}

static int collect_args(const struct oom_undo_kind *kind, va_list values,
	char *args[static OOM_UNDO_ARGS_MAX + 1], struct oom_err *err)
{
	unsigned n = 0;

	for (char *arg; (arg = va_arg(values, char *)); n++) {
		if (n == kind->n_args)
			return oom_err_set(err, EINVAL, "the undo of a %s takes %u arguments: %s",
				kind->name, kind->n_args, kind->args);
		args[n] = arg;
	}
	args[n] = NULL;
	if (n < kind->n_args)
		return oom_err_set(err, EINVAL, "the undo of a %s takes %u arguments, not %u: %s",
			kind->name, kind->n_args, n, kind->args);
	return kind->check ? kind->check(args, err) : 0;
}

int oom_undo_add(struct oom_undo *undo, struct oom_err *err, const char *kind_name, ...)
{
	const struct oom_undo_kind *kind = oom_undo_kind_find(kind_name);
	char *args[OOM_UNDO_ARGS_MAX + 1];
	struct oom_undo_entry entry;
	oom_autofree char *line = NULL;
	va_list values;
	int r;

	if (!kind)
		return oom_err_set(err, EINVAL, "unknown kind of undo '%s'", kind_name);
	va_start(values, kind_name);
	r = collect_args(kind, values, args, err);
	va_end(values);
	if (r < 0 || !undo)
		return r;
	line = oom_undo_line_format(kind->name, args, kind->n_args);
	r = line ? oom_undo_line_parse(line, strlen(line) - 1, &entry) : -ENOMEM;
	if (r < 0)
		return oom_err_errno(err, -r, "cannot record the undo of a %s", kind->name);
	entry.offset = undo->size;
	r = oom_undo_entries_push(&undo->list, &entry);
	if (r < 0) {
		free(entry.line);
		return oom_err_set(err, -r, "no memory for an undo list");
	}
	r = append(undo, line, err);
	if (r < 0)
		oom_undo_entries_drop(&undo->list, undo->list.count - 1);
	return r;
}

int oom_undo_run(struct oom_undo *undo, struct oom_err *err)
{
	struct oom_undo_entries *list = &undo->list;
	unsigned left;
	int failed;

	oom_undo_entries_run(list, false, NULL, err, &failed);
	/* what failed stays in the file, for 'oomgate cleanup' */
	for (left = list->count; left && list->items[left - 1].done; left--)
		;
	if (left < list->count) {
		long size = list->items[left].offset;

		oom_undo_entries_drop(list, left);
		if (!ftruncate(undo->fd, size))
			undo->size = size;
	}
	return failed;
}

int oom_undo_close(struct oom_undo *undo, struct oom_err *err)
{
	oom_cleanup(undo_free) struct oom_undo *owned = undo;
	int r;

	if (!owned)
		return 0;
	r = oom_undo_run(owned, err);
	if (!r && unlinkat(owned->dir_fd, owned->name, 0) < 0 && errno != ENOENT)
		r = oom_err_errno(err, errno, "cannot remove the undo list '%s'", owned->path);
	return r;
}
