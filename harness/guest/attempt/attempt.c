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
 *       | HELLO: the agent is up        | that boot         | RESTORED ---> READY ---> [READY]
 *       v                               v is over           |     where it is ahead,     |
 *      SAVE                           BEGIN                 |     up to its turn         |
 *       v                                                   | it goes on <---------------+
 *   [SAVING]                                                v
 *       | the state is on disk                             RUN: the job is sent
 *       v                                                   v
 *      SEAL                                             [RUNNING] <---+
 *       v                                                   |   |     | REQUEST: handed to QEMU
 *     BEGIN                                                 |   +-----+
 *                                                           | DONE: the guest's record
 *                                                           v
 *                                                          END
 *                                                           v
 *   every phase -- DIED, deadline, silence, budget, ------> [OVER]
 *                  refusal: END, with a record of ours
 *
 * An attempt that is made ready ahead of its turn restores its guest, and that is all: where it would boot, wait for
 * somebody's boot or end, it gives up instead, and begins when its turn has come.
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
#include "harness/guest/attempt/save.h"
#include "harness/guest/attempt/state.h"
#include "harness/guest/attempt/vm.h"
#include "harness/guest/vm/state.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND		   1000000ULL
#define RESTORE_TIMEOUT_US (30 * SECOND)
#define TURN_TIMEOUT_US	   (24 * 3600 * SECOND) /* others run as long as they may */
#define RUN_MARGIN_US	   (20 * SECOND) /* on top of the scenario's: collecting, sending */

static enum oom_next begin(struct oom_guest_attempt *a)
{
	struct oom_err err;
	int r = oom_state_open(&a->state, &a->memory, a->host->verified, &err, &a->saved);

	if (r == -EBADMSG)
		oom_host_say(a->host, "%s: %s; booting again", a->machine_id, err.msg);
	if (!r)
		return OOM_NEXT_RESTORE;
	if (r != -ENOENT && r != -EBADMSG)
		return oom_attempt_fail(a, "%s", err.msg);
	return a->ahead ? OOM_NEXT_READY : oom_boot_join(a);
}

static enum oom_next wait_for_boot(struct oom_guest_attempt *a)
{
	oom_attempt_phase(a, OOM_GUEST_WAITING, 2 * a->host->boot_timeout_us);
	return OOM_NEXT_GO_ON;
}

static enum oom_next restore(struct oom_guest_attempt *a)
{
	struct oom_err err;

	if (oom_attempt_vm_start(a, true, &err))
		return oom_attempt_fail(a, "%s", err.msg);
	oom_attempt_phase(a, OOM_GUEST_RESTORING, RESTORE_TIMEOUT_US);
	return oom_qmp_begin(a, oom_qmp_restore);
}

static enum oom_next restored(struct oom_guest_attempt *a)
{
	a->restored_us = oom_monotonic_us();
	return a->ahead ? OOM_NEXT_READY : OOM_NEXT_GO_ON;
}

static enum oom_next ready(struct oom_guest_attempt *a)
{
	oom_attempt_phase(a, OOM_GUEST_READY, TURN_TIMEOUT_US);
	return OOM_NEXT_GO_ON;
}

/* Whatever it is: when its turn has come it begins anew, and says so then. */
static enum oom_next give_up(struct oom_guest_attempt *a)
{
	oom_attempt_vm_stop(a);
	return OOM_NEXT_READY;
}

static enum oom_next run(struct oom_guest_attempt *a)
{
	if (oom_port_send_job(a))
		return oom_attempt_fail(a, "cannot send the scenario to the guest (is it UTF-8?)");
	oom_still_begin(&a->still, a->pid);
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

/* What the guest has left so far: it is no evidence of the next one. */
static int forget_guest(struct oom_guest_attempt *a)
{
	oom_tree_remove(a->evidence_dir);
	memset(a->spent, 0, sizeof(a->spent));
	a->cpus_gone = a->dimms_gone = 0;
	a->panicked = a->rebooted = a->powered_off = false;
	return mkdir(a->evidence_dir, 0700) < 0 ? -errno : 0;
}

static enum oom_next try_anew(struct oom_guest_attempt *a)
{
	bool ran = a->phase == OOM_GUEST_RUNNING;
	int r;

	a->restored_twice = true;
	oom_host_say(a->host, "%s: the saved machine %s; booting again", a->machine_id,
		ran ? "was written to while a guest ran from it" : "cannot be restored");
	oom_attempt_vm_stop(a);
	oom_state_drop(&a->state);
	r = ran ? forget_guest(a) : 0;
	return r ? oom_attempt_fail(a, "cannot make '%s': %s", a->evidence_dir, strerror(-r))
		 : OOM_NEXT_BEGIN;
}

static enum oom_next end(struct oom_guest_attempt *a)
{
	uint64_t ended_us, own_bytes;

	if (!a->record) {
		a->record = oom_end_record(a);
		oom_boot_leave(a, true, a->outcome.reason);
	}
	/* what it was given, not what it says of itself; no shape: it never was to be */
	if (a->record && a->vm.shape.memory_bytes) {
		a->record->memory_bytes = (int64_t)a->vm.shape.memory_bytes;
		a->record->cpus = a->vm.shape.cpus;
	}
	own_bytes = a->pid > 0 ? oom_room_own_bytes(a->pid) : 0;
	oom_room_learn(&a->host->room, &a->vm.shape, own_bytes);
	ended_us = oom_monotonic_us();
	oom_attempt_vm_stop(a);
	if (a->record) {
		a->record->end_us = (int64_t)(oom_monotonic_us() - ended_us);
		a->record->own_bytes = own_bytes ? (int64_t)own_bytes : -1;
	}
	oom_state_discard(&a->state);
	/* a deadline in the past: the descriptor stays readable until the caller has stepped */
	a->phase = OOM_GUEST_OVER;
	a->deadline_us = a->silence_us = 0;
	oom_attempt_arm(a);
	return OOM_NEXT_GO_ON;
}

static enum oom_next (*const transitions[OOM_NEXT_COUNT_])(struct oom_guest_attempt *a) = {
	[OOM_NEXT_BEGIN] = begin,
	[OOM_NEXT_BOOT] = oom_save_boot,
	[OOM_NEXT_WAIT] = wait_for_boot,
	[OOM_NEXT_HELLO] = oom_save_greet,
	[OOM_NEXT_SAVE] = oom_save_begin,
	[OOM_NEXT_SEAL] = oom_save_seal,
	[OOM_NEXT_RESTORE] = restore,
	[OOM_NEXT_RESTORED] = restored,
	[OOM_NEXT_READY] = ready,
	[OOM_NEXT_GIVE_UP] = give_up,
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
	if (a->pid > 0 && a->phase == OOM_GUEST_RUNNING)
		oom_still_look(&a->still, false);
	if (a->pid > 0 && oom_monotonic_us() >= a->look_us)
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

/* Nothing is booted, waited for or told of before its turn. */
static enum oom_next in_turn(const struct oom_guest_attempt *a, enum oom_next next)
{
	switch (next) {
	case OOM_NEXT_BOOT:
	case OOM_NEXT_WAIT:
	case OOM_NEXT_DIED:
	case OOM_NEXT_ANEW:
	case OOM_NEXT_END:
		return a->ahead ? OOM_NEXT_GIVE_UP : next;
	default:
		return next;
	}
}

/* Makes @next so, and what comes of that; then on with what was read at @tag, as long as it is of this machine. */
static void follow(struct oom_guest_attempt *a, enum oom_guest_tag tag, enum oom_next next)
{
	pid_t pid = a->pid;

	while (next != OOM_NEXT_GO_ON) {
		next = transitions[in_turn(a, next)](a);
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

static enum oom_next first(struct oom_guest_attempt *a)
{
	if (!legacy_is_gone(a))
		return OOM_NEXT_BEGIN;
	return oom_attempt_end(
		a, OOM_SKIPPED, "needs cgroup v1: systemd 258 and later do not support it");
}

int oom_guest_attempt_start(struct oom_guest_host *host, const struct oom_guest_order *order,
	struct oom_err *err, struct oom_guest_attempt **ret)
{
	struct oom_guest_attempt *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return oom_err_set(err, ENOMEM, "no memory");
	r = oom_attempt_open(a, host, order, err);
	if (r) {
		oom_guest_attempt_free(a);
		return r;
	}
	follow(a, OOM_TAG_NONE, first(a));
	*ret = a;
	return 0;
}

void oom_guest_attempt_go(struct oom_guest_attempt *attempt)
{
	struct oom_guest_attempt *a = attempt;

	if (!a->ahead)
		return;
	a->ahead = false;
	a->start_us = oom_monotonic_us();
	a->start_realtime_us = oom_realtime_us();
	if (a->phase != OOM_GUEST_READY)
		return; /* it is being restored, and goes on then */
	if (a->pid <= 0) {
		follow(a, OOM_TAG_NONE, first(a));
		return;
	}
	oom_attempt_phase(a, OOM_GUEST_RESTORING, RESTORE_TIMEOUT_US);
	follow(a, OOM_TAG_NONE, oom_qmp_advance(a, OOM_QMP_TURN));
}

void oom_guest_attempt_free(struct oom_guest_attempt *attempt)
{
	if (!attempt)
		return;
	oom_room_give_back(&attempt->host->room, attempt->room_bytes);
	oom_attempt_vm_stop(attempt);
	oom_boot_leave(attempt, false, NULL);
	oom_state_discard(&attempt->state);
	if (attempt->scratch_dir)
		oom_tree_remove(attempt->scratch_dir);
	else if (attempt->ahead && attempt->evidence_dir)
		oom_tree_remove(attempt->evidence_dir); /* it has never begun */
	oom_closep(&attempt->wait_fd);
	oom_closep(&attempt->timer_fd);
	oom_closep(&attempt->epoll_fd);
	oom_attempt_free(attempt->record);
	oom_arena_release(&attempt->arena);
	free(attempt);
}
