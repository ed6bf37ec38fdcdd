// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_unplug.h"

#include "harness/guest/agent/run.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

/* What is there now; UINT64_MAX when it cannot be read. */
static uint64_t present(struct oom_unplug *u)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(u->text) - 1 &&
		(n = pread(u->fd, u->text + len, sizeof(u->text) - 1 - len, (off_t)len)) > 0)
		len += (size_t)n;
	u->text[len] = '\0';
	return len ? u->count(u->text) : UINT64_MAX;
}

/* What it comes to stands when it is seen, whatever happens after it. */
static void settle(struct oom_unplug *u)
{
	if (!u->fired || u->outcome != 1)
		return;
	if (present(u) <= u->before - u->gone)
		u->outcome = u->refused ? -ENODEV : 0;
	else if (oom_monotonic_us() >= u->deadline_us)
		u->outcome = u->refused ? 0 : -EBUSY;
}

/* A datagram, or the timer's count: only that it came matters. */
static void ready(struct oom_watch *watch, uint32_t events)
{
	char buf[4096];

	(void)events;
	while (read(watch->fd, buf, sizeof(buf)) >= 0 || errno == ENOBUFS)
		;
	settle(watch->data);
}

static int watch_fd(
	struct oom_run_state *run, struct oom_unplug *u, struct oom_watch *watch, int fd)
{
	*watch = (struct oom_watch){.fd = fd, .ready = ready, .data = u};
	return fd < 0 ? -errno : oom_loop_add(&run->loop, watch, EPOLLIN);
}

/* The kernel tells of what goes offline by a multicast: Documentation/core-api/kobject.rst. */
static int watch_uevents(struct oom_run_state *run, struct oom_unplug *u)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	int r = watch_fd(run, u, &u->events, fd);

	if (r < 0)
		return r;
	return bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

int oom_unplug_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_unplug *u, struct oom_err *err)
{
	int r;

	u->events.fd = u->timer.fd = -1;
	u->within_us = oom_section_usec(section, "Limit", 10000000);
	u->refused = !strcmp(oom_section_text(section, "Outcome", "gone"), "refused");
	u->fd = open(u->path, O_RDONLY | O_CLOEXEC);
	if (u->fd < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", u->path);
	u->before = present(u);
	if (u->before == UINT64_MAX || u->before <= u->gone)
		return oom_err_set(err, ENOTSUP, "'%s' shows too little for fault '%s' to unplug",
			u->path, section->name);
	r = watch_uevents(run, u);
	if (r >= 0)
		r = watch_fd(run, u, &u->timer,
			timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	return r < 0 ? oom_err_errno(err, -r, "cannot watch fault '%s'", section->name) : 0;
}

int oom_unplug_fire(struct oom_run_state *run, void *data)
{
	struct oom_unplug *u = data;
	struct itimerspec at = {0};

	(void)run;
	u->fired = true;
	u->outcome = 1;
	u->deadline_us = UINT64_MAX;
	if (u->within_us != UINT64_MAX) {
		u->deadline_us = oom_monotonic_us() + u->within_us;
		at.it_value.tv_sec = (time_t)(u->deadline_us / 1000000);
		at.it_value.tv_nsec = (long)(u->deadline_us % 1000000) * 1000 + 1;
		timerfd_settime(u->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
	}
	return oom_guest_request(u->request);
}

int oom_unplug_under_way(void *data)
{
	struct oom_unplug *u = data;

	if (!u->fired)
		return 0;
	settle(u);
	return u->outcome;
}

void oom_unplug_release(void *data)
{
	struct oom_unplug *u = data;

	if (!u)
		return;
	oom_closep(&u->events.fd);
	oom_closep(&u->timer.fd);
	oom_closep(&u->fd);
}
