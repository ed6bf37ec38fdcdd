// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/kill.h"

#include "harness/host/process.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* How many processes of one round are waited for; more just take another round. */
enum { ROUND_MAX = 128 };

struct round {
	int pidfds[ROUND_MAX];
	int n_pidfds;
	int killed; /* in all, in this round */
	int stays; /* a pid that is still there */
	int code; /* errno of a kill that was refused */
};

static void kill_one(struct round *round, int pid)
{
	int pidfd, r;

	if (pid <= 0 || pid == getpid())
		return; /* 0: of another pid namespace */
	pidfd = oom_pidfd_open(pid);
	r = pidfd >= 0 ? oom_pidfd_signal(pidfd, SIGKILL) : kill(pid, SIGKILL) < 0 ? -errno : 0;
	if (r < 0 && r != -ESRCH)
		round->code = -r;
	if (!r) {
		round->killed++;
		round->stays = pid;
	}
	if (pidfd >= 0 && round->n_pidfds < ROUND_MAX && !r)
		round->pidfds[round->n_pidfds++] = pidfd;
	else if (pidfd >= 0)
		close(pidfd);
}

static void kill_procs(struct round *round, int dir_fd)
{
	oom_autoclose int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	oom_autofclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int pid;

	if (!file)
		return; /* gone with the directory */
	oom_take_fd(&fd);
	while (fscanf(file, "%d", &pid) == 1)
		kill_one(round, pid);
}

static void kill_tree(struct round *round, int dir_fd, int depth)
{
	oom_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	int fd;

	kill_procs(round, dir_fd);
	fd = depth < 32 ? openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		oom_autoclose int child = -1;

		if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		child = openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child >= 0)
			kill_tree(round, child, depth + 1);
	}
}

static int kill_rounds(int dir_fd, const char *path, uint64_t deadline_us, struct oom_err *err)
{
	for (int wait_ms = 1;; wait_ms += wait_ms < 64 ? wait_ms : 0) {
		struct round round = {0};
		bool late = false;

		kill_tree(&round, dir_fd, 0);
		for (int i = 0; i < round.n_pidfds; i++) {
			late |= oom_pidfd_wait(round.pidfds[i], deadline_us) < 0;
			close(round.pidfds[i]);
		}
		if (round.code)
			return oom_err_errno(err, round.code,
				"cannot kill the processes in the cgroup '%s'", path);
		if (!round.killed)
			return 0;
		if (late || !oom_left_ms(deadline_us))
			return oom_err_set(err, ETIMEDOUT,
				"process %d in the cgroup '%s' does not end after SIGKILL",
				round.stays, path);
		if (!round.n_pidfds)
			poll(NULL, 0, wait_ms); /* Linux before 5.3 has nothing to wait for */
	}
}

/* Waits for "populated 0" in cgroup.events, which notifies (cgroups(7), POLLPRI). */
static int wait_unpopulated(int dir_fd, const char *path, uint64_t deadline_us, struct oom_err *err)
{
	oom_autoclose int fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLPRI};
		char text[256];
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			return errno == ENODEV ? 0 : -errno;
		text[n] = '\0';
		if (strstr(text, "populated 0"))
			return 0;
		if (!oom_left_ms(deadline_us))
			return oom_err_set(err, ETIMEDOUT,
				"processes in the cgroup '%s' do not end after SIGKILL", path);
		poll(&p, 1, oom_left_ms(deadline_us));
	}
}

int oom_cgroup_dir_kill(int dir_fd, const char *path, uint64_t timeout_us, struct oom_err *err)
{
	uint64_t deadline_us = oom_monotonic_us() + timeout_us;
	int r = oom_cgroup_write(dir_fd, "cgroup.kill", "1");

	if (!r)
		return wait_unpopulated(dir_fd, path, deadline_us, err);
	if (r == -ENODEV)
		return 0; /* removed */
	/* frozen processes cannot fork away and still die of SIGKILL (v2 only: no such file on v1)
	 */
	r = oom_cgroup_write(dir_fd, "cgroup.freeze", "1");
	if (!r) {
		r = kill_rounds(dir_fd, path, deadline_us, err);
		(void)oom_cgroup_write(dir_fd, "cgroup.freeze", "0");
		return r;
	}
	return kill_rounds(dir_fd, path, deadline_us, err);
}
