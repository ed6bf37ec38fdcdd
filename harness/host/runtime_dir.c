// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/runtime_dir.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int oom_runtime_dir_candidate(unsigned index, char *buf, size_t size)
{
	const char *own = getenv("OOMGATE_RUNTIME"), *xdg = getenv("XDG_RUNTIME_DIR");
	int n;

	if (own && *own) {
		if (index > 0)
			return -ENOENT;
		n = snprintf(buf, size, "%s", own);
	} else if (index == 0) {
		n = snprintf(buf, size, "/run/oomgate");
	} else if (index == 1) {
		/* without one the last candidate just comes twice */
		n = xdg && *xdg == '/'
			? snprintf(buf, size, "%s/oomgate", xdg)
			: snprintf(buf, size, "/tmp/oomgate-%u", (unsigned)geteuid());
	} else if (index == 2) {
		n = snprintf(buf, size, "/tmp/oomgate-%u", (unsigned)geteuid());
	} else {
		return -ENOENT;
	}
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int oom_runtime_dir_trusted(const char *path, struct oom_err *err)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open the runtime folder '%s'", path);
	if (fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot stat '%s'", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return oom_err_set(err, EPERM,
			"the runtime folder '%s' is not private to this user (owner %u, mode "
			"%03o): remove it or set OOMGATE_RUNTIME",
			path, (unsigned)st.st_uid, (unsigned)st.st_mode & 0777);
	return oom_take_fd(&fd);
}

int oom_runtime_dir_open(struct oom_err *err, char *buf, size_t size, int *ret_fd)
{
	int r = -ENOENT;

	for (unsigned i = 0; !oom_runtime_dir_candidate(i, buf, size); i++) {
		if (mkdir(buf, 0700) < 0 && errno != EEXIST) {
			r = oom_err_errno(err, errno,
				"cannot create the runtime folder '%s' (set OOMGATE_RUNTIME)", buf);
			continue;
		}
		r = oom_runtime_dir_trusted(buf, err);
		if (r < 0)
			continue;
		if (faccessat(r, ".", W_OK, AT_EACCESS) < 0) {
			int code = errno;

			close(r);
			r = oom_err_errno(err, code,
				"cannot write to the runtime folder '%s' (set OOMGATE_RUNTIME)",
				buf);
			continue;
		}
		*ret_fd = r;
		return 0;
	}
	return r;
}
