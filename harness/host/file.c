// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/file.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Whole files, and trees of them. */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int oom_tree_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static _Thread_local uint64_t tree_bytes;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path, (void)type, (void)ftw;
	tree_bytes += (uint64_t)st->st_blocks * 512;
	return 0;
}

uint64_t oom_tree_bytes(const char *path)
{
	tree_bytes = 0;
	nftw(path, count_one, 16, FTW_PHYS);
	return tree_bytes;
}

int oom_file_read(
	struct oom_arena *arena, const char *path, size_t max, char **ret, size_t *ret_len)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	oom_autofree char *buf = NULL;
	size_t len = 0;

	if (fd < 0)
		return -errno;
	buf = malloc(max);
	if (!buf)
		return -ENOMEM;
	for (ssize_t n; len < max; len += (size_t)n) {
		n = read(fd, buf + len, max - len);
		if (n < 0)
			return -errno;
		if (!n)
			break;
	}
	*ret = oom_arena_strndup(arena, buf, len);
	if (ret_len)
		*ret_len = len;
	return *ret ? 0 : -ENOMEM;
}

int oom_file_write(const char *path, const void *data, size_t len, mode_t mode, struct oom_err *err)
{
	oom_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	const char *p = data;

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot write '%s'", path);
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			return oom_err_errno(err, errno, "cannot write '%s'", path);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
