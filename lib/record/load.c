// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where a record lies, and how large it may be. */
#include "lib/base/cleanup.h"
#include "lib/base/err.h"
#include "lib/base/spool.h"
#include "lib/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A file without a name that holds what comes out of @from. */
static int spool(int from)
{
	oom_autoclose int fd = oom_spool_open();
	char buf[65536];
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (ssize_t at = 0, w; at < n; at += w) {
			w = write(fd, buf + at, (size_t)(n - at));
			if (w < 0)
				return -errno;
		}
	}
	return oom_take_fd(&fd);
}

int oom_run_load_file(const char *path, struct oom_err *err, struct oom_run **ret)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct oom_err why = {0};
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode)) {
		oom_autoclose int copy = spool(fd);

		if (copy < 0)
			return oom_err_errno(
				err, -copy, "cannot copy '%s' to a temporary file", path);
		oom_closep(&fd);
		fd = oom_take_fd(&copy);
	}
	r = oom_run_read(fd, &why, ret);
	if (r < 0)
		return !strncmp(why.msg, "not JSON", 8)
			? oom_err_set(err, -r, "'%s' is %s", path, why.msg)
			: oom_err_set(err, -r, "cannot read '%s': %s", path, why.msg);
	oom_take_fd(&fd);
	return 0;
}

int oom_run_load(const char *dir, struct oom_err *err, struct oom_run **ret)
{
	oom_autofree char *path = NULL;

	if (asprintf(&path, "%s/run.json", dir) < 0) {
		path = NULL;
		return oom_err_set(err, ENOMEM, "out of memory reading '%s'", dir);
	}
	return oom_run_load_file(path, err, ret);
}
