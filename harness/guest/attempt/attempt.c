// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The story of an attempt: phases (in brackets), and what leads from one to another.
 *
 *                     BEGIN <---------------------------------------- ANEW
 *                       |                                               ^
 *         nobody boots  |  somebody boots      a saved machine          |
 *       +---------------+---------------+-------------------+           |
 *       v                               v                   v           | DIED, or its deadline:
 *      BOOT                            WAIT              RESTORE        | the first time
 *       v                               v                   v           |
 *   [BOOTING]                       [WAITING]          [RESTORING] -----+
 *       | HELLO: the agent is up        | that boot         | the state is loaded, and goes on
 *       v                               v is over           v
 *      SAVE                           BEGIN                RUN: the job is sent
 *       v                                                   v
 *   [SAVING]                                            [RUNNING] <---+
 *       | the state is on disk                              |   |     | REQUEST: handed to QEMU
 *       v                                                   |   +-----+
 *      SEAL                                                 | DONE: the guest's record
 *       v                                                   v
 *     BEGIN                                                END
 *                                                           v
 *   every phase -- DIED, deadline, silence, budget, ------> [OVER]
 *                  refusal: END, with a record of ours
 *
 * Whoever reads a report (qmp.c, port.c, budget.c, end.c) knows the state alone and returns what comes next
 * (next.h). follow() is the one place that makes it so. A phase is entered with its deadline, for which the timer
 * is set; how it ends is in the state (a record, or the outcome) before END is returned, and every end is a record.
 */
#include "harness/guest/attempt/attempt.h"

#include "harness/guest/attempt/boot.h"
#include "harness/guest/attempt/budget.h"
#include "harness/guest/attempt/end.h"
#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/open.h"
#include "harness/guest/attempt/port.h"
#include "harness/guest/attempt/qmp.h"
#include "harness/guest/attempt/state.h"
#include "harness/guest/attempt/vm.h"
#include "harness/guest/vm/state.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SECOND		   1000000ULL
#define SAVE_TIMEOUT_US	   (60 * SECOND)
#define RESTORE_TIMEOUT_US (30 * SECOND)
#define RUN_MARGIN_US	   (20 * SECOND) /* on top of the scenario's: collecting, sending */

static enum oom_next begin(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_state_open(&a->state, a->host->verified, &err, &a->state_fd);

	if (r == -EBADMSG)
		oom_host_say(a->host, "%s: %s; booting again", a->machine_id, err.msg);
	if (!r)
		return OOM_NEXT_RESTORE;
	if (r != -ENOENT && r != -EBADMSG)
		return oom_attempt_fail(a, "%s", err.msg);
	return oom_boot_join(a);
}

static enum oom_next boot(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_state_create(&a->state, a->host->cache, &err, &a->state_fd);

	if (!r) {
		oom_host_say(a->host,
			"%s: booting with %llu MiB; the booted machine is saved for later attempts",
			a->machine_id, (unsigned long long)(a->vm.shape.memory_bytes >> 20));
		r = oom_attempt_vm_start(a, false, &err);
	}
	if (r)
		return oom_attempt_fail(a, "%s", err.msg);
	oom_attempt_phase(a, OOM_GUEST_BOOTING, a->host->boot_timeout_us);
	return oom_qmp_begin(a, oom_qmp_boot);
}

static enum oom_next wait_for_boot(struct oom_guest_attempt *a)
{
	oom_attempt_phase(a, OOM_GUEST_WAITING, 2 * a->host->boot_timeout_us);
	return OOM_NEXT_GO_ON;
}

static enum oom_next greet(struct oom_guest_attempt *a)
{
	a->hello = true;
	return oom_qmp_advance(a, OOM_QMP_HELLO);
}

static enum oom_next save(struct oom_guest_attempt *a)
{
	oom_attempt_phase(a, OOM_GUEST_SAVING, SAVE_TIMEOUT_US);
	return OOM_NEXT_GO_ON;
}

/* From here on we go on from the saved machine like everybody else. */
static enum oom_next seal(struct oom_guest_attempt *a)
{
	int state_fd = oom_take_fd(&a->state_fd);
	struct oom_err err;
	int r;

	oom_host_say(a->host, "%s: booted and saved in %.1f s", a->machine_id,
		(double)(oom_monotonic_us() - a->start_us) / 1e6);
	oom_attempt_vm_stop(a);
	r = oom_state_commit(&a->state, a->host->cache, state_fd, &err);
	close(state_fd);
	if (r)
		return oom_attempt_fail(a, "%s", err.msg);
	oom_boot_leave(a, false, NULL);
	return OOM_NEXT_BEGIN;
}

static enum oom_next restore(struct oom_guest_attempt *a)
{
	struct oom_err err;

	if (oom_attempt_vm_start(a, true, &err))
		return oom_attempt_fail(a, "%s", err.msg);
	oom_attempt_phase(a, OOM_GUEST_RESTORING, RESTORE_TIMEOUT_US);
	return oom_qmp_begin(a, oom_qmp_restore);
}

static enum oom_next run(struct oom_guest_attempt *a)
{
	if (oom_port_send_job(a))
		return oom_attempt_fail(a, "cannot send the scenario to the guest (is it UTF-8?)");
	oom_attempt_phase(a, OOM_GUEST_RUNNING, a->timeout_us + RUN_MARGIN_US);
	oom_attempt_heard(a);
	return OOM_NEXT_GO_ON;
}

static enum oom_next request(struct oom_guest_attempt *a)
{
	oom_qmp_request(a, a->request.data, a->request.len);
	return OOM_NEXT_GO_ON;
}

/* What QEMU said last comes first: it tells why it is gone, and may even be all that was waited for. */
static enum oom_next hear_out(struct oom_guest_attempt *a)
{
	enum oom_next next;

	a->gone = true;
	do {
		while (oom_qmp_next(a, &next))
			if (next != OOM_NEXT_GO_ON && next != OOM_NEXT_DIED)
				return next;
	} while (oom_qmp_read(a) > 0);
	return oom_end_died(a);
}

static enum oom_next try_anew(struct oom_guest_attempt *a)
{
	a->restored_twice = true;
	oom_host_say(
		a->host, "%s: the saved machine cannot be restored; booting again", a->machine_id);
	oom_attempt_vm_stop(a);
	oom_state_drop(&a->state);
	return OOM_NEXT_BEGIN;
}

static enum oom_next end(struct oom_guest_attempt *a)
{
	if (!a->record) {
		a->record = oom_end_record(a);
		oom_boot_leave(a, true, a->outcome.reason);
	}
	/* what it was given, not what it says of itself; no shape: it never was to be */
	if (a->record && a->vm.shape.memory_bytes) {
		a->record->memory_bytes = (int64_t)a->vm.shape.memory_bytes;
		a->record->cpus = a->vm.shape.cpus;
	}
	oom_attempt_vm_stop(a);
	oom_state_discard(&a->state);
	/* a deadline in the past: the descriptor stays readable until the caller has stepped */
	a->phase = OOM_GUEST_OVER;
	a->deadline_us = a->silence_us = 0;
	oom_attempt_arm(a);
	return OOM_NEXT_GO_ON;
}

static enum oom_next (*const transitions[OOM_NEXT_COUNT_])(struct oom_guest_attempt *a) = {
	[OOM_NEXT_BEGIN] = begin,
	[OOM_NEXT_BOOT] = boot,
	[OOM_NEXT_WAIT] = wait_for_boot,
	[OOM_NEXT_HELLO] = greet,
	[OOM_NEXT_SAVE] = save,
	[OOM_NEXT_SEAL] = seal,
	[OOM_NEXT_RESTORE] = restore,
	[OOM_NEXT_RUN] = run,
	[OOM_NEXT_REQUEST] = request,
	[OOM_NEXT_DIED] = hear_out,
	[OOM_NEXT_ANEW] = try_anew,
	[OOM_NEXT_DONE] = oom_end_done,
	[OOM_NEXT_END] = end,
};

static void drain_counter(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) > 0)
		;
}

static enum oom_next on_timer(struct oom_guest_attempt *a)
{
	enum oom_next next = OOM_NEXT_GO_ON;

	drain_counter(a->timer_fd);
	if (a->pid > 0)
		next = oom_budget_look(a);
	if (next == OOM_NEXT_GO_ON)
		next = oom_end_timed_out(a);
	oom_attempt_arm(a);
	return next;
}

/* The rest of what was read at @tag, up to where it leads to something. */
static enum oom_next hear_on(struct oom_guest_attempt *a, enum oom_guest_tag tag)
{
	enum oom_next next = OOM_NEXT_GO_ON;
	bool ended = a->gone;

	if (!a->gone && tag == OOM_TAG_QMP) {
		while (next == OOM_NEXT_GO_ON && oom_qmp_next(a, &next))
			;
		ended = a->qmp_ended;
	} else if (!a->gone && tag == OOM_TAG_PORT) {
		while (next == OOM_NEXT_GO_ON && oom_port_next(a, &next))
			;
		ended = a->port_ended;
	}
	return next == OOM_NEXT_GO_ON && ended ? OOM_NEXT_DIED : next;
}

static enum oom_next hear(struct oom_guest_attempt *a, const struct epoll_event *event)
{
	switch (event->data.u32) {
	case OOM_TAG_TIMER:
		return on_timer(a);
	case OOM_TAG_WAIT:
		drain_counter(a->wait_fd);
		return a->phase == OOM_GUEST_WAITING ? OOM_NEXT_BEGIN : OOM_NEXT_GO_ON;
	case OOM_TAG_QMP:
		oom_qmp_read(a);
		return hear_on(a, OOM_TAG_QMP);
	case OOM_TAG_PORT:
		if (event->events & EPOLLOUT)
			oom_port_writable(a);
		if (!(event->events & ~(unsigned)EPOLLOUT))
			return OOM_NEXT_GO_ON;
		oom_port_read(a);
		return hear_on(a, OOM_TAG_PORT);
	case OOM_TAG_PID:
		return OOM_NEXT_DIED;
	default:
		return OOM_NEXT_GO_ON;
	}
}

/* Makes @next so, and what comes of that; then on with what was read at @tag, as long as it is of this machine. */
static void follow(struct oom_guest_attempt *a, enum oom_guest_tag tag, enum oom_next next)
{
	pid_t pid = a->pid;

	while (next != OOM_NEXT_GO_ON) {
		next = transitions[next](a);
		if (next == OOM_NEXT_GO_ON && a->phase != OOM_GUEST_OVER && a->pid == pid)
			next = hear_on(a, tag);
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
				follow(attempt, events[i].data.u32, hear(attempt, &events[i]));
		}
	}
	if (attempt->phase != OOM_GUEST_OVER)
		return 0;
	*ret_record = oom_take_ptr(attempt->record);
	return 1;
}

int oom_guest_attempt_fd(const struct oom_guest_attempt *attempt)
{
	return attempt->epoll_fd;
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
	enum oom_next next = OOM_NEXT_BEGIN;
	int r;

	if (!a)
		return oom_err_set(err, ENOMEM, "no memory");
	a->job.attempt = attempt;
	a->job.seed = seed;
	a->job.timeout_us = timeout_us;
	r = oom_attempt_open(a, host, spec, scenario, evidence_dir, err);
	if (r) {
		oom_guest_attempt_free(a);
		return r;
	}
	if (legacy_is_gone(a))
		next = oom_attempt_end(
			a, OOM_SKIPPED, "needs cgroup v1: systemd 258 and later do not support it");
	follow(a, OOM_TAG_NONE, next);
	*ret = a;
	return 0;
}

void oom_guest_attempt_free(struct oom_guest_attempt *attempt)
{
	if (!attempt)
		return;
	attempt->host->used_bytes -= attempt->vm.shape.memory_bytes;
	oom_attempt_vm_stop(attempt);
	oom_boot_leave(attempt, false, NULL);
	oom_state_discard(&attempt->state);
	if (attempt->scratch_dir)
		oom_tree_remove(attempt->scratch_dir);
	oom_closep(&attempt->wait_fd);
	oom_closep(&attempt->timer_fd);
	oom_closep(&attempt->epoll_fd);
	oom_attempt_free(attempt->record);
	oom_arena_release(&attempt->arena);
	free(attempt);
}
