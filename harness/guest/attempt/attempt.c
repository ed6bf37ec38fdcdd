// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/attempt.h"

#include "harness/guest/attempt/boot.h"
#include "harness/guest/attempt/end.h"
#include "harness/guest/attempt/port.h"
#include "harness/guest/attempt/qmp.h"
#include "harness/guest/attempt/vm.h"
#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/host/file.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

#define SECOND		   1000000ULL
#define RESTORE_TIMEOUT_US (30 * SECOND)
#define TIMEOUT_US	   (60 * SECOND)
#define RUN_MARGIN_US	   (20 * SECOND) /* on top of the scenario's: collecting, sending */
#define SILENCE_US	   (60 * SECOND) /* a thrashing guest can starve its agent for 20 s */

uint64_t oom_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

/* The timer goes off at the deadline, or earlier: when nothing was heard for too long, or to look at what QEMU
 * has written. */
void oom_attempt_arm(struct oom_guest_attempt *a)
{
	uint64_t at =
		a->silence_us && a->silence_us < a->deadline_us ? a->silence_us : a->deadline_us;
	struct itimerspec spec = {0};

	if (a->pid > 0 && a->look_us < at)
		at = a->look_us;
	spec.it_value.tv_sec = (time_t)(at / SECOND);
	spec.it_value.tv_nsec = (long)(at % SECOND) * 1000 + 1;
	timerfd_settime(a->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

void oom_attempt_phase(struct oom_guest_attempt *a, enum oom_guest_phase phase, uint64_t timeout_us)
{
	a->phase = phase;
	a->phase_us = oom_now_us();
	a->deadline_us = a->phase_us + timeout_us;
	a->silence_us = 0;
	oom_attempt_arm(a);
}

static void boot(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_state_create(&a->state, a->host->cache, &err, &a->state_fd);

	if (!r) {
		oom_host_say(a->host,
			"%s: booting with %llu MiB; the booted machine is saved for later attempts",
			a->machine_id, (unsigned long long)(a->vm.shape.memory_bytes >> 20));
		r = oom_attempt_vm_start(a, false, &err);
	}
	if (r) {
		oom_attempt_fail(a, "%s", err.msg);
		return;
	}
	oom_attempt_phase(a, OOM_GUEST_BOOTING, a->host->boot_timeout_us);
	oom_qmp_begin(a, oom_qmp_boot);
}

/* state_fd is open and verified */
int oom_attempt_restore(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_attempt_vm_start(a, true, &err);

	if (r) {
		oom_attempt_fail(a, "%s", err.msg);
		return r;
	}
	oom_attempt_phase(a, OOM_GUEST_RESTORING, RESTORE_TIMEOUT_US);
	oom_qmp_begin(a, oom_qmp_restore);
	return 0;
}

void oom_attempt_begin(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_state_open(&a->state, a->host->verified, &err, &a->state_fd);

	if (r == -EBADMSG)
		oom_host_say(a->host, "%s: %s; booting again", a->machine_id, err.msg);
	if (!r) {
		oom_attempt_restore(a);
		return;
	}
	if (r != -ENOENT && r != -EBADMSG) {
		oom_attempt_fail(a, "%s", err.msg);
		return;
	}
	r = oom_boot_join(a);
	if (r > 0)
		boot(a);
	else if (!r)
		oom_attempt_phase(a, OOM_GUEST_WAITING, 2 * a->host->boot_timeout_us);
}

/* The guest is as it was when it was saved: now it gets its job. */
void oom_attempt_run(struct oom_guest_attempt *a)
{
	if (oom_port_send_job(a)) {
		oom_attempt_fail(a, "cannot send the scenario to the guest (is it UTF-8?)");
		return;
	}
	oom_attempt_phase(a, OOM_GUEST_RUNNING, a->timeout_us + RUN_MARGIN_US);
	a->silence_us = a->phase_us + SILENCE_US;
	oom_attempt_arm(a);
}

static int open_fds(struct oom_guest_attempt *a)
{
	struct epoll_event timer = {.events = EPOLLIN, .data.u32 = OOM_TAG_TIMER};
	struct epoll_event wait = {.events = EPOLLIN, .data.u32 = OOM_TAG_WAIT};

	a->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	a->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	a->wait_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->epoll_fd < 0 || a->timer_fd < 0 || a->wait_fd < 0 ||
		epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, a->timer_fd, &timer) < 0 ||
		epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, a->wait_fd, &wait) < 0)
		return -errno;
	return 0;
}

static int describe(struct oom_guest_attempt *a, const struct oom_guest_spec *spec,
	const struct oom_scenario *scenario, struct oom_err *err)
{
	const char *slash = scenario->path ? strrchr(scenario->path, '/') : NULL;
	int r = oom_host_prepared(a->host, spec, err, &a->machine);

	if (!r)
		r = oom_guest_shape_read(&a->arena, scenario, err, &a->vm.shape);
	if (r)
		return r;
	a->host->used_bytes += a->vm.shape.memory_bytes;
	a->vm.qemu = a->machine->qemu;
	a->vm.accel = a->machine->accel;
	a->vm.image = &a->machine->image;
	a->vm.vmlinuz = a->machine->vmlinuz;
	a->vm.initrd = a->machine->initrd;
	a->vm.kernel = a->machine->kernel;
	a->vm.payload = a->host->payload;
	if (!a->timeout_us)
		a->timeout_us =
			oom_section_usec(oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL),
				"Timeout", TIMEOUT_US);
	a->machine_id = a->job.machine = oom_arena_strdup(&a->arena, spec->id);
	a->job.id = oom_arena_strdup(&a->arena, scenario->id);
	a->job.path = oom_arena_strdup(&a->arena,
		slash			 ? slash + 1
			: scenario->path ? scenario->path
					 : "");
	a->job.text = oom_arena_strdup(&a->arena, scenario->text);
	a->job.swap = a->vm.shape.swap_bytes != 0;
	a->job.disk = a->vm.shape.disk_bytes != 0;
	a->job.legacy = a->vm.shape.legacy;
	a->job.hugepages = a->vm.shape.hugepages;
	a->title = oom_arena_strdup(&a->arena, scenario->title);
	if (a->arena.failed || oom_vm_key(&a->vm, &a->state.key))
		return oom_err_set(err, ENOMEM, "no memory");
	oom_state_init(a->host->cache, a->state.key, &a->state);
	return 0;
}

/* Evidence goes where the caller wants it, else into a folder that goes with the attempt. */
static int find_evidence_dir(
	struct oom_guest_attempt *a, const char *evidence_dir, struct oom_err *err)
{
	if (evidence_dir) {
		a->evidence_dir = oom_arena_strdup(&a->arena, evidence_dir);
		if (mkdir(evidence_dir, 0700) < 0 && errno != EEXIST)
			return oom_err_errno(err, errno, "cannot create '%s'", evidence_dir);
		return a->evidence_dir ? 0 : oom_err_set(err, ENOMEM, "no memory");
	}
	return oom_cache_temp(&a->arena, a->host->cache, OOM_CACHE_STATES, err, &a->evidence_dir);
}

/* A guest that cannot come up is not asked to. */
static bool legacy_is_gone(const struct oom_guest_attempt *a)
{
	return a->vm.shape.legacy && a->machine->image.systemd &&
		atoi(a->machine->image.systemd) >= 258;
}

int oom_guest_attempt_start(struct oom_guest_host *host, const struct oom_guest_spec *spec,
	const struct oom_scenario *scenario, unsigned attempt, uint64_t seed, uint64_t timeout_us,
	const char *evidence_dir, struct oom_err *err, struct oom_guest_attempt **ret)
{
	struct oom_guest_attempt *a = calloc(1, sizeof(*a));
	struct timespec now;
	int r;

	if (!a)
		return oom_err_set(err, ENOMEM, "no memory");
	a->host = host;
	a->epoll_fd = a->timer_fd = a->wait_fd = a->qmp_fd = a->port_fd = a->pid_fd = a->state_fd =
		a->swap_fd = a->disk_fd = -1;
	a->job.attempt = attempt;
	a->job.seed = seed;
	a->job.timeout_us = a->timeout_us = timeout_us;
	if (!timeout_us)
		a->timeout_us =
			oom_section_usec(oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL),
				"Timeout", 60 * SECOND);
	clock_gettime(CLOCK_REALTIME, &now);
	a->start_realtime_us = now.tv_sec * (int64_t)SECOND + now.tv_nsec / 1000;
	a->start_us = a->phase_us = oom_now_us();
	r = open_fds(a);
	if (r)
		oom_err_errno(err, -r, "cannot watch a guest");
	if (!r)
		r = describe(a, spec, scenario, err);
	if (!r)
		r = find_evidence_dir(a, evidence_dir, err);
	if (r) {
		oom_guest_attempt_free(a);
		return r;
	}
	if (!evidence_dir)
		a->scratch_dir = a->evidence_dir;
	/* the first boot's, and in its place that of the restored guest */
	snprintf(a->console, sizeof(a->console), "%.480s/console", a->evidence_dir);
	snprintf(a->log, sizeof(a->log), "%.480s/qemu.log", a->evidence_dir);
	unlink(a->log); /* of an attempt that was cut off: it would be appended to */
	if (legacy_is_gone(a))
		oom_attempt_skip(a, "needs cgroup v1: systemd 258 and later do not support it");
	else
		oom_attempt_begin(a);
	*ret = a;
	return 0;
}

int oom_guest_attempt_fd(const struct oom_guest_attempt *attempt)
{
	return attempt->epoll_fd;
}

static void drain_counter(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) > 0)
		;
}

static void dispatch(struct oom_guest_attempt *a, const struct epoll_event *event)
{
	switch (event->data.u32) {
	case OOM_TAG_TIMER:
		drain_counter(a->timer_fd);
		if (a->pid > 0)
			oom_budget_look(a);
		oom_attempt_timed_out(a);
		oom_attempt_arm(a);
		break;
	case OOM_TAG_WAIT:
		drain_counter(a->wait_fd);
		if (a->phase == OOM_GUEST_WAITING)
			oom_attempt_begin(a);
		break;
	case OOM_TAG_QMP:
		if (oom_qmp_readable(a) == -EPIPE)
			oom_attempt_died(a);
		break;
	case OOM_TAG_PORT:
		if (event->events & EPOLLOUT)
			oom_port_writable(a);
		if (event->events & ~(unsigned)EPOLLOUT && a->phase != OOM_GUEST_OVER)
			oom_port_readable(a);
		break;
	case OOM_TAG_PID:
		oom_attempt_died(a);
		break;
	}
}

int oom_guest_attempt_step(struct oom_guest_attempt *attempt, struct oom_attempt **ret_record)
{
	struct epoll_event events[8];
	pid_t pid = attempt->pid;
	int n = 0;

	/* a QEMU that is gone has its last words in the sockets: those first */
	if (attempt->phase != OOM_GUEST_OVER)
		n = epoll_wait(attempt->epoll_fd, events, 8, 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < n; i++) {
			bool last = events[i].data.u32 == OOM_TAG_PID;

			/* where the machine is another one, the report is stale */
			if (attempt->phase != OOM_GUEST_OVER && attempt->pid == pid &&
				last == (round == 1))
				dispatch(attempt, &events[i]);
		}
	}
	if (attempt->phase != OOM_GUEST_OVER)
		return 0;
	*ret_record = oom_take_ptr(attempt->record);
	return 1;
}

void oom_guest_attempt_free(struct oom_guest_attempt *attempt)
{
	if (!attempt)
		return;
	attempt->host->used_bytes -= attempt->vm.shape.memory_bytes;
	oom_attempt_vm_stop(attempt);
	oom_boot_leave(attempt, false, NULL);
	oom_state_discard(&attempt->state);
	if (attempt->scratch_dir && !attempt->host->options.keep)
		oom_tree_remove(attempt->scratch_dir);
	oom_closep(&attempt->wait_fd);
	oom_closep(&attempt->timer_fd);
	oom_closep(&attempt->epoll_fd);
	oom_attempt_free(attempt->record);
	oom_arena_release(&attempt->arena);
	free(attempt);
}
