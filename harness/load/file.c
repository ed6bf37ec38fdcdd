// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

int oom_load_file(struct oom_load *load, const char *dir, int flags)
{
	const char *path = oom_load_text(load, "File", NULL);
	char name[512];
	int fd;

	if (path) {
		/* what is only read must be there */
		fd = open(path, flags | O_CLOEXEC | (flags == O_RDONLY ? 0 : O_CREAT), 0600);
		return fd < 0 ? -errno : fd;
	}
	dir = oom_load_text(load, "Dir", dir);
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* overlayfs learnt O_TMPFILE in 6.1 only */
	if ((size_t)snprintf(name, sizeof(name), "%s/oomgate-XXXXXX", dir) >= sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

int oom_load_file_failed(struct oom_load *load, int code, const char *dir)
{
	const char *path = oom_load_text(load, "File", NULL);

	if (path)
		return oom_load_failed(load, "cannot open '%.60s': %s", path, strerror(-code));
	return oom_load_failed(load, "cannot create a file in '%.60s' (Dir=): %s",
		oom_load_text(load, "Dir", dir), strerror(-code));
}

bool oom_load_file_in_memory(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static alignas(4096) char buffer[64 << 10];

static size_t step_of(uint64_t bytes)
{
	return bytes < sizeof(buffer) ? (size_t)bytes : sizeof(buffer);
}

int oom_load_write_file(struct oom_load *load, int fd, uint64_t bytes)
{
	bool whole_page = oom_load_is(load, "Fill", "page");

	for (uint64_t done = 0; done < bytes;) {
		ssize_t n;

		for (size_t at = 0; at < sizeof(buffer); at += 4096)
			oom_load_fill(buffer + at, whole_page);
		n = pwrite(fd, buffer, step_of(bytes - done), (off_t)done);
		if (n < 0 && errno != EINTR) {
			int status = oom_load_refused(load, errno);

			if (status != OOM_LOAD_RETRY)
				return status;
		}
		if (n > 0) {
			done += (uint64_t)n;
			oom_load_reached(load, (uint64_t)n);
		}
	}
	return 0;
}

int oom_load_read_file(struct oom_load *load, int fd, uint64_t bytes)
{
	for (uint64_t done = 0; done < bytes;) {
		ssize_t n = pread(fd, buffer, step_of(bytes - done), (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int status = oom_load_refused(load, n ? errno : ENODATA);

			if (status != OOM_LOAD_RETRY)
				return status;
			continue;
		}
		done += (uint64_t)n;
		oom_load_reached(load, (uint64_t)n);
	}
	return 0;
}
