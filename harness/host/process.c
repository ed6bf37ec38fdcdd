// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/process.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

uint64_t oom_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int oom_left_ms(uint64_t deadline_us)
{
	uint64_t now = oom_monotonic_us();

	if (now >= deadline_us)
		return 0;
	if (deadline_us - now > 1000000000)
		return 1000000;
	return (int)((deadline_us - now + 999) / 1000);
}

int oom_process_stat(pid_t pid, char *ret_state, uint64_t *ret_start_ticks)
{
	/* "comm" is at most 64 bytes here, the 50 numbers at most 20 digits each */
	char path[32], text[2048];
	unsigned long long start;
	oom_autoclose int fd = -1;
	const char *paren;
	ssize_t n;
	char state;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	/* the name may hold blanks and parentheses: the last one ends it */
	paren = strrchr(text, ')');
	if (!paren ||
		sscanf(paren,
			") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			"%*s %*s %*s"
			" %llu",
			&state, &start) != 2)
		return -EBADMSG;
	*ret_state = state;
	*ret_start_ticks = start;
	return 0;
}

int oom_pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int oom_pidfd_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int oom_pidfd_wait(int pidfd, uint64_t deadline_us)
{
	for (;;) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		int n = poll(&p, 1, oom_left_ms(deadline_us));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n && !oom_left_ms(deadline_us))
			return -ETIMEDOUT;
	}
}

int oom_process_kill(pid_t pid, uint64_t start_ticks, uint64_t timeout_us, struct oom_err *err)
{
	oom_autoclose int pidfd = oom_pidfd_open(pid);
	uint64_t start;
	char state;
	int r;

	if (pidfd < 0 && pidfd != -ENOSYS && pidfd != -ESRCH && pidfd != -EINVAL)
		return oom_err_errno(err, -pidfd, "cannot open process %d", (int)pid);
	/* the pidfd came first: what is checked now is what is killed */
	r = oom_process_stat(pid, &state, &start);
	if (r == -ESRCH || (!r && (start != start_ticks || state == 'Z' || state == 'X')))
		return 0;
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read the state of process %d", (int)pid);
	r = pidfd >= 0 ? oom_pidfd_signal(pidfd, SIGKILL) : kill(pid, SIGKILL) < 0 ? -errno : 0;
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return oom_err_errno(err, -r, "cannot kill process %d", (int)pid);
	if (pidfd >= 0 && oom_pidfd_wait(pidfd, oom_monotonic_us() + timeout_us) < 0)
		return oom_err_set(err, ETIMEDOUT,
			"process %d does not end after SIGKILL (state %c)", (int)pid, state);
	return 1;
}

int64_t oom_realtime_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

pid_t oom_fork_bound(int death_signal)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* between fork and prctl the parent may have gone */
	if (prctl(PR_SET_PDEATHSIG, death_signal) < 0 || getppid() != parent)
		_exit(127);
	return 0;
}
