// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/dir.h"

#include "harness/host/process.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

bool oom_cgroup_dir_has(int dir_fd, const char *file, const char *word)
{
	oom_autoclose int fd = oom_cgroup_open(dir_fd, file);
	char text[512], *rest = text, *part;

	if (fd < 0 || oom_cgroup_pread(fd, text, sizeof(text)) < 0)
		return false;
	while ((part = strsep(&rest, " \n")))
		if (!strcmp(part, word))
			return true;
	return false;
}

bool oom_cgroup_dir_empty(int dir_fd, int but)
{
	oom_autoclose int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	oom_autofclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int pid;

	if (!file)
		return false;
	oom_take_fd(&fd);
	while (fscanf(file, "%d", &pid) == 1)
		if (pid != but)
			return false;
	return true;
}

int oom_cgroup_dir_move_all(int from_fd, int to_fd)
{
	/* a process that forks meanwhile leaves its child behind: again, but not for ever */
	for (int round = 0; round < 100; round++) {
		oom_autoclose int fd = openat(from_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
		oom_autofclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
		int pid, moved = 0;

		if (!file)
			return -errno;
		oom_take_fd(&fd);
		while (fscanf(file, "%d", &pid) == 1) {
			char text[16];
			int r;

			snprintf(text, sizeof(text), "%d", pid);
			r = oom_cgroup_write(to_fd, "cgroup.procs", text);
			if (r < 0 && r != -ESRCH)
				return r;
			moved++;
		}
		if (!moved)
			return 0;
	}
	return -EBUSY;
}

/* Calls @one for the children of @path (a directory that vanishes meanwhile is none). */
static int each_child(const char *path, uint64_t deadline_us, struct oom_err *err,
	int (*one)(const char *path, uint64_t deadline_us, struct oom_err *err))
{
	oom_autoclosedir DIR *dir = opendir(path);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((d = readdir(dir))) {
		char child[PATH_MAX];
		int r;

		if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if ((size_t)snprintf(child, sizeof(child), "%s/%s", path, d->d_name) >=
			sizeof(child))
			return -ENAMETOOLONG;
		r = one(child, deadline_us, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_below(const char *path, uint64_t deadline_us, struct oom_err *err)
{
	int r = each_child(path, deadline_us, err, remove_below);

	if (r < 0)
		return r;
	/* a killed process may take a moment to leave its cgroup after it is known to have ended,
	 * and nothing tells when; wait 1, 2, 4, … 64 ms */
	for (int wait_ms = 1; rmdir(path) < 0; wait_ms += wait_ms < 64 ? wait_ms : 0) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY || !oom_left_ms(deadline_us))
			return oom_err_errno(err, errno, "cannot remove the cgroup '%s'", path);
		poll(NULL, 0, wait_ms);
	}
	return 1;
}

int oom_cgroup_dir_remove(const char *path, uint64_t timeout_us, struct oom_err *err)
{
	return remove_below(path, oom_monotonic_us() + timeout_us, err);
}
