// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/fake_guest.h"

#include "harness/guest/attempt/attempt.h"
#include "harness/host/file.h"
#include "harness/host/process.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void watch(struct fake_guest *guest, int fd, enum oom_guest_tag tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};

	cr_assert_eq(epoll_ctl(guest->a->epoll_fd, EPOLL_CTL_ADD, fd, &event), 0);
}

static int make_socket(struct fake_guest *guest, enum oom_guest_tag tag, int *ret_theirs)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	watch(guest, ends[0], tag);
	*ret_theirs = ends[1];
	return ends[0];
}

void fake_guest_begin(struct fake_guest *guest)
{
	struct oom_guest_attempt *a = calloc(1, sizeof(*a));

	*guest = (struct fake_guest){.a = a, .dir = "/tmp/oomgate-test-XXXXXX"};
	cr_assert_not_null(a);
	cr_assert_not_null(mkdtemp(guest->dir));
	guest->host.cache = guest->dir;
	guest->host.boot_timeout_us = 60000000;
	a->host = &guest->host;
	a->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	a->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	a->wait_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	a->pid_fd = a->saved.fd = a->swap_fd = a->disk_fd = -1;
	a->evidence_dir = guest->dir;
	a->machine_id = a->job.machine = "debian:bookworm";
	a->vm.accel = "tcg";
	a->job.id = "memcg/over-cap";
	a->job.path = "over-cap.scenario";
	a->job.text = "# A title.\n";
	a->job.attempt = 3;
	a->title = "A title.";
	a->phase = OOM_GUEST_RUNNING;
	a->start_us = a->phase_us = oom_monotonic_us();
	a->deadline_us = a->phase_us + 60000000;
	snprintf(a->console, sizeof(a->console), "%s/console", guest->dir);
	snprintf(a->printk, sizeof(a->printk), "%s/printk", guest->dir);
	snprintf(a->log, sizeof(a->log), "%s/qemu.log", guest->dir);
	oom_state_init(guest->host.cache, 1, &a->state);
	watch(guest, a->timer_fd, OOM_TAG_TIMER);
	watch(guest, a->wait_fd, OOM_TAG_WAIT);
	a->port_fd = make_socket(guest, OOM_TAG_PORT, &guest->guest_fd);
	a->qmp_fd = make_socket(guest, OOM_TAG_QMP, &guest->qemu_fd);
}

void fake_guest_end(struct fake_guest *guest)
{
	close(guest->guest_fd);
	close(guest->qemu_fd);
	oom_attempt_free(guest->record);
	oom_guest_attempt_free(guest->a);
	oom_tree_remove(guest->dir);
}

void fake_guest_spawn(struct fake_guest *guest)
{
	struct oom_guest_attempt *a = guest->a;

	a->pid = fork();
	if (!a->pid) {
		close(guest->guest_fd);
		close(guest->qemu_fd);
		for (;;)
			pause();
	}
	cr_assert_gt(a->pid, 0);
	a->pid_fd = (int)syscall(SYS_pidfd_open, a->pid, 0);
	cr_assert_geq(a->pid_fd, 0);
	watch(guest, a->pid_fd, OOM_TAG_PID);
}

void fake_guest_step(struct fake_guest *guest)
{
	if (!guest->record)
		oom_guest_attempt_step(guest->a, &guest->record);
}
