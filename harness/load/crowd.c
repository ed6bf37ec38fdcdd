// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

int oom_crowd_open(struct oom_crowd *crowd)
{
	if (pipe2(crowd->settled, O_CLOEXEC))
		return -errno;
	if (pipe2(crowd->over, O_CLOEXEC)) {
		int code = errno;

		close(crowd->settled[0]);
		close(crowd->settled[1]);
		return -code;
	}
	return 0;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void oom_crowd_enter(struct oom_crowd *crowd)
{
	close_end(&crowd->over[1]);
	close_end(&crowd->settled[0]);
}

void oom_crowd_stay(struct oom_crowd *crowd, const struct oom_load *load)
{
	struct pollfd fds[2] = {
		{.fd = crowd->over[0], .events = POLLIN},
		{.fd = load->runner_fd, .events = POLLIN},
	};

	close_end(&crowd->settled[1]);
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents & POLLIN || fds[1].revents)
			return;
		if (fds[0].revents) /* the first process died: watch the runner alone */
			fds[0].fd = -1;
	}
}

int oom_crowd_fork(struct oom_crowd *crowd, struct oom_load *load,
	int (*press)(struct oom_load *load, void *ctx), void *ctx)
{
	uint64_t count = oom_load_number(load, "Count", 1);
	int status = 0;

	for (uint64_t i = 0; i < count; i++) {
		pid_t pid = oom_load_fork_always(load, &status);

		if (pid < 0)
			break;
		if (pid > 0)
			continue;
		oom_crowd_enter(crowd);
		load->rate_bytes = (load->rate_bytes + count - 1) / count;
		status = press(load, ctx);
		if (!status)
			oom_crowd_stay(crowd, load);
		_exit(status);
	}
	return status;
}

void oom_crowd_settle(struct oom_crowd *crowd)
{
	char byte;

	close_end(&crowd->settled[1]);
	while (crowd->settled[0] >= 0 && read(crowd->settled[0], &byte, 1) < 0 && errno == EINTR)
		;
	close_end(&crowd->settled[0]);
}

int oom_crowd_end(struct oom_crowd *crowd, struct oom_load *load, int status, uint64_t hold_us)
{
	oom_crowd_settle(crowd);
	if (!status)
		oom_load_hold(load, hold_us);
	if (write(crowd->over[1], "", 1) != 1)
		status = oom_load_failed(load, "cannot release the children: %m");
	close_end(&crowd->over[1]);
	status = oom_load_wait(load, status);
	close_end(&crowd->over[0]);
	return status;
}
