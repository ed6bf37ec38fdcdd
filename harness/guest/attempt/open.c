// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/open.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/vm/key.h"
#include "harness/guest/vm/shape.h"
#include "harness/host/process.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TIMEOUT_US 60000000ULL

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
	a->room_bytes = oom_room_take(&a->host->room, &a->vm.shape);
	a->vm.qemu = a->machine->qemu;
	a->vm.accel = a->machine->accel;
	a->vm.image = &a->machine->image;
	a->vm.vmlinuz = a->machine->vmlinuz;
	a->vm.initrd = a->machine->initrd;
	a->vm.kernel = a->machine->kernel;
	a->vm.payload = a->host->payload;
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
	oom_memory_list(&a->vm.shape, &a->memory);
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
			return oom_err_errno(err, errno, "cannot make '%s'", evidence_dir);
		return a->evidence_dir ? 0 : oom_err_set(err, ENOMEM, "no memory");
	}
	return oom_cache_temp(&a->arena, a->host->cache, OOM_CACHE_STATES, err, &a->evidence_dir);
}

int oom_attempt_open(struct oom_guest_attempt *a, struct oom_guest_host *host,
	const struct oom_guest_order *order, struct oom_err *err)
{
	const struct oom_scenario *scenario = order->scenario;
	int r;

	a->host = host;
	a->ahead = order->ahead;
	a->scenario = scenario;
	a->job.attempt = order->attempt;
	a->job.seed = order->seed;
	a->job.timeout_us = order->timeout_us;
	a->epoll_fd = a->timer_fd = a->wait_fd = a->qmp_fd = a->port_fd = a->pid_fd = a->saved.fd =
		a->swap_fd = a->disk_fd = -1;
	a->timeout_us = a->job.timeout_us;
	if (!a->timeout_us)
		a->timeout_us =
			oom_section_usec(oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL),
				"Timeout", TIMEOUT_US);
	a->start_realtime_us = oom_realtime_us();
	a->start_us = a->phase_us = oom_monotonic_us();
	r = open_fds(a);
	if (r)
		return oom_err_errno(err, -r, "cannot watch a guest");
	r = describe(a, order->spec, scenario, err);
	if (!r)
		r = find_evidence_dir(a, order->evidence_dir, err);
	if (r)
		return r;
	if (!order->evidence_dir)
		a->scratch_dir = a->evidence_dir;
	/* the first boot's, and in its place that of the restored guest */
	snprintf(a->console, sizeof(a->console), "%.480s/console", a->evidence_dir);
	snprintf(a->printk, sizeof(a->printk), "%.480s/printk", a->evidence_dir);
	snprintf(a->log, sizeof(a->log), "%.480s/qemu.log", a->evidence_dir);
	unlink(a->log); /* of an attempt that was cut off: it would be appended to */
	return 0;
}
