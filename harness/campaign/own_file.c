// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/own_file.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const oom_own_files[] = {
	"run.json", "attempts.jsonl", "contents.list", "run.seed", NULL};

static bool is_plain(const struct stat *st)
{
	/* no name: of somebody who has just removed it */
	return S_ISREG(st->st_mode) && st->st_nlink <= 1;
}

int oom_own_file_open(const char *dir, const char *name, int flags)
{
	oom_autoclose int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0) /* ENXIO: a pipe that nobody reads, or a socket */
		return errno == ELOOP || errno == ENXIO || errno == EISDIR ? -EINVAL : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return is_plain(&st) ? oom_take_fd(&fd) : -EINVAL;
}

int oom_own_file_make(const char *path)
{
	int fd;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int oom_own_files_check(const char *dir, struct oom_err *err)
{
	for (const char *const *name = oom_own_files; *name; name++) {
		char path[PATH_MAX];
		struct stat st;

		if (snprintf(path, sizeof(path), "%s/%s", dir, *name) < (int)sizeof(path) &&
			!lstat(path, &st) && !is_plain(&st))
			return oom_err_set(err, EINVAL,
				"'%s' is not a plain file of its own: remove it, or name another folder with "
				"--output",
				path);
	}
	return 0;
}
