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

int oom_run_load_file(const char *path, struct oom_err *err, struct oom_run **ret)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC), from = -1;
	struct oom_err why = {0};
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return oom_err_set(err, EINVAL, "'%s' is a device, not a record", path);
	if (!S_ISREG(st.st_mode)) {
		/* an attempt is read again later: what is read is kept, no more than is read as a record */
		from = oom_take_fd(&fd);
		fd = oom_spool_open();
		if (fd < 0)
			return oom_err_errno(
				err, -fd, "cannot copy '%s' to a temporary file", path);
	}
	r = oom_run_read_stream(from, fd, &why, ret);
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
