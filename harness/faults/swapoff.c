// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"
#include "harness/host/process.h"
#include "harness/state/state.h"
#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * swapoff(2) by a process of its own: it reads back all that is swapped before it returns, and the
 * kernel takes the one who calls it first when memory runs out (mm/swapfile.c:
 * set_current_oom_origin()), whatever its oom_score_adj is.
 */
enum { DEVICES_MAX = 8, END_LIMIT_US = 10000000 };

struct swapoff {
	int go_fd;
	pid_t pid;
	struct oom_run_state *run;
	bool fired;
	struct oom_watch end; /* its pidfd; -1: this kernel has none (before 5.3) */
	size_t n_devices;
	char devices[DEVICES_MAX][128];
};

/* proc_swaps(5) writes blanks, tabs and newlines as \NNN */
static void unescape(char *path)
{
	char *out = path;

	for (const char *p = path; *p; out++) {
		unsigned byte;

		if (*p == '\\' && sscanf(p + 1, "%3o", &byte) == 1) {
			*out = (char)byte;
			p += 4;
		} else {
			*out = *p++;
		}
	}
	*out = '\0';
}

/* "/dev/vdc partition 131068 0 -2" a line, after the head */
static int read_swaps(struct oom_run_state *run, struct swapoff *s, struct oom_err *err)
{
	oom_autofclose FILE *swaps = fopen("/proc/swaps", "re");
	char line[512], priority[16];

	if (!swaps)
		return oom_err_errno(err, errno, "cannot open '/proc/swaps'");
	while (s->n_devices < DEVICES_MAX && fgets(line, sizeof(line), swaps)) {
		char *path = s->devices[s->n_devices];
		int r;

		if (*line != '/' || sscanf(line, "%127s %*s %*s %*s %15s", path, priority) != 2)
			continue;
		unescape(path);
		r = oom_undo_add(run->undo, err, "swapon", path, priority, NULL);
		if (r < 0)
			return r;
		s->n_devices++;
	}
	if (!s->n_devices)
		return oom_err_set(err, ENODEV, "no swap to disable: add some ([Machine] Swap=)");
	return 0;
}

static _Noreturn void child(const struct swapoff *s, int go_fd)
{
	int result = 0;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "swapoff");
	if (read(go_fd, &byte, 1) != 1)
		_exit(0); /* never fired */
	for (size_t i = 0; i < s->n_devices; i++)
		if (swapoff(s->devices[i]) < 0)
			result = errno;
	_exit(result);
}

/* Only that it has ended matters: the loop looks then whether the run is over. */
static void ended(struct oom_watch *watch, uint32_t events)
{
	struct swapoff *s = watch->data;

	(void)events;
	oom_loop_remove(&s->run->loop, watch);
}

static int watch_end(struct oom_run_state *run, struct swapoff *s)
{
	s->run = run;
	s->end = (struct oom_watch){.fd = oom_pidfd_open(s->pid), .ready = ended, .data = s};
	return s->end.fd < 0 ? 0 : oom_loop_add(&run->loop, &s->end, EPOLLIN);
}

static int swapoff_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct swapoff *s = oom_arena_alloc(&run->arena, sizeof(*s));
	int fds[2], r;

	(void)section;
	if (!s)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	r = read_swaps(run, s, err);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return oom_err_errno(err, errno, "cannot create a pipe for swapoff");
	s->pid = fork();
	if (!s->pid) {
		close(fds[1]);
		child(s, fds[0]);
	}
	close(fds[0]);
	s->go_fd = fds[1];
	if (s->pid < 0) {
		oom_closep(&s->go_fd);
		return oom_err_errno(err, errno, "cannot start a process for swapoff");
	}
	*ret_data = s;
	r = watch_end(run, s);
	return r < 0 ? oom_err_errno(err, -r, "cannot watch the process of swapoff") : 0;
}

static int swapoff_fire(struct oom_run_state *run, void *data)
{
	struct swapoff *s = data;

	(void)run;
	s->fired = true;
	/* EPIPE: it was killed while it waited */
	return write(s->go_fd, "g", 1) == 1 ? 0 : errno == EPIPE ? -ESRCH : -errno;
}

/* Not reaped: swapoff_release() does it. Killed in the middle of it, swapoff(2) gives up with EINTR. */
static int swapoff_under_way(void *data)
{
	const struct swapoff *s = data;
	siginfo_t info = {0};

	if (!s->fired)
		return 0;
	if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -errno;
	if (!info.si_pid)
		return 1;
	return info.si_code == CLD_EXITED ? -info.si_status : -EINTR;
}

/* Its work is cut short: what it has not brought back may go on in swap. */
static void swapoff_release(void *data)
{
	struct swapoff *s = data;

	if (!s)
		return;
	oom_closep(&s->go_fd);
	kill(s->pid, SIGKILL);
	if (s->end.fd >= 0)
		oom_pidfd_wait(s->end.fd, oom_monotonic_us() + END_LIMIT_US);
	waitpid(s->pid, NULL, s->end.fd >= 0 ? WNOHANG : 0);
	oom_closep(&s->end.fd);
}

static const struct oom_key keys[] = {{NULL}};

const struct oom_fault oom_fault_swapoff = {
	.kind = {"swapoff", "disables all swap, from a process of its own", keys},
	.needs = "root swap",
	.host_risk = true,
	.prepare = swapoff_prepare,
	.fire = swapoff_fire,
	.under_way = swapoff_under_way,
	.release = swapoff_release,
};
