// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/sender.h"

#include "harness/attempt/kin.h"
#include "harness/state/daemon.h"
#include "harness/state/owner.h"
#include "harness/units/unit.h"
#include "lib/kernel/trace.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * The tracepoint names a sender by its pid and by what it calls itself. The lineage knows more: what it was when
 * it sent, and whose child.
 */

/* The lineage's of the same signal: both tell of each, in its order. */
static const struct oom_seen_signal *same_signal(const struct oom_lineage *lineage,
	const struct oom_signal_rec *sent, bool used[static OOM_SEEN_SIGNALS])
{
	for (size_t i = 0; lineage && i < lineage->n_signals; i++) {
		const struct oom_seen_signal *seen = &lineage->signals[i];

		if (used[i] || seen->sender_tid != sent->sender_pid ||
			seen->target != sent->target_pid || seen->signal != sent->signal ||
			seen->code != sent->code)
			continue;
		used[i] = true;
		return seen;
	}
	return NULL;
}

/* Was the look at the sender itself, and not at the next process that was given its pid? */
static bool look_holds(const struct oom_lineage *lineage, const struct oom_seen_signal *seen,
	const struct oom_look *look)
{
	return oom_lineage_fork(lineage, seen->sender, seen->time_us) ==
		oom_lineage_fork(lineage, seen->sender, look->first_us);
}

/* Of the scenario's units the one that systemd calls so; NULL: none. */
static const struct oom_backend_unit *unit_called(
	const struct oom_run_state *run, struct oom_span unit)
{
	for (size_t i = 0; i < run->n_units; i++)
		if (strlen(run->units[i].unit) == unit.len &&
			!memcmp(run->units[i].unit, unit.at, unit.len))
			return &run->units[i];
	return NULL;
}

static void identify_by_look(
	struct oom_run_state *run, const struct oom_seen_signal *seen, struct oom_signal_rec *sent)
{
	const struct oom_lineage *lineage = run->lineage;
	const struct oom_look *look = seen->look < 0 ? NULL : &lineage->looks[seen->look];
	struct oom_arena *arena = &run->record->arena;
	const char *exe = "", *cgroup = look ? look->cgroup : "";
	struct oom_span unit = oom_cgroup_unit(cgroup);
	const struct oom_backend_unit *ours = unit_called(run, unit);

	if (look && *look->exe && look_holds(lineage, seen, look)) {
		exe = look->exe;
		sent->sender_exe = oom_arena_strdup(arena, exe);
	}
	/* one that systemd knows by another name: its own is of this attempt alone */
	if (ours && !oom_section_get(ours->section, "Unit"))
		sent->sender_unit =
			oom_arena_printf(arena, "%s.%s", ours->name, oom_unit_kind(ours->section));
	else if (unit.len)
		sent->sender_unit = oom_arena_strndup(arena, unit.at, unit.len);
	sent->sender_in = ours ? oom_arena_strdup(arena, ours->name) : NULL;
	sent->killer =
		oom_daemon_identify(exe, cgroup, ours && ours->section->kind == OOM_SEC_SERVICE);
}

/* Without a lineage there is only a name: of a daemon's it is no proof, of any other's it is none of them. */
static void identify_by_name(struct oom_signal_rec *sent)
{
	sent->killer = !sent->sender_comm || oom_daemon_called(sent->sender_comm)
		? OOM_KILLER_UNKNOWN
		: OOM_KILLER_SIGNAL;
}

static struct oom_kin target_of(const struct oom_run_state *run, const struct oom_signal_rec *sent,
	const struct oom_seen_signal *seen)
{
	/* the trace's clock may be seconds ahead of ours where processors' time stamps are not stable */
	uint64_t time_us = seen ? seen->time_us : UINT64_MAX;
	struct oom_kin kin = {OOM_KINSHIP_UNKNOWN, NULL, 0};

	if (seen)
		kin = oom_kin_of(run, sent->target_pid, time_us, 0);
	for (size_t i = 0; i < run->n_workloads && kin.kinship == OOM_KINSHIP_UNKNOWN; i++)
		if (oom_run_is_own(&run->workloads[i], sent->target_pid, time_us))
			kin = (struct oom_kin){OOM_KINSHIP_OWN, &run->workloads[i], 0};
	return kin;
}

/*
 * Did it end what it met? What a workload does to its own processes is its own affair, unless it is to its first
 * one; so is what the processes of a service do to each other.
 */
static bool has_ended(const struct oom_signal_rec *sent, const struct oom_kin *target,
	const struct oom_kin *sender)
{
	const struct oom_run_workload *w = target->workload;

	if (sent->code == OOM_TRACE_BY_KERNEL || sent->result == OOM_TRACE_IGNORED ||
		(sent->signal != SIGKILL && sent->signal != SIGTERM))
		return false;
	if (target->kinship == OOM_KINSHIP_OWN && !w->ended)
		return false;
	if (target->kinship == OOM_KINSHIP_OWN)
		return WIFSIGNALED(w->wait_status) ? WTERMSIG(w->wait_status) == sent->signal
						   : sent->signal == SIGTERM;
	if (target->kinship == OOM_KINSHIP_DESCENDANT)
		return sender->workload != w;
	return sent->target_unit &&
		!(sent->sender_in && !strcmp(sent->sender_in, sent->target_unit));
}

/* At the deadline the harness itself ends what is left: that is no kill of the run. Its faults are. */
static bool is_harness(const struct oom_run_state *run, const struct oom_seen_signal *seen)
{
	return seen && seen->sender == (int)getpid() && run->deadline_hit &&
		seen->time_us >= run->deadline_us;
}

static void identify(
	struct oom_run_state *run, struct oom_signal_rec *sent, const struct oom_seen_signal *seen)
{
	struct oom_arena *arena = &run->record->arena;
	struct oom_kin target = target_of(run, sent, seen), sender = {0};

	if (sent->code == OOM_TRACE_BY_KERNEL) {
		sent->killer = OOM_KILLER_UNKNOWN; /* the log says which kind */
	} else if (seen) {
		sent->result = seen->result;
		sender = oom_kin_of(run, seen->sender, seen->time_us, 0);
		if (sender.workload)
			sent->sender_workload = oom_arena_strdup(arena, sender.workload->name);
		identify_by_look(run, seen, sent);
		/* gone before it could be looked at: a workload's process, and our own, is no daemon */
		if (sent->killer == OOM_KILLER_UNKNOWN &&
			(sender.workload || seen->sender == (int)getpid()))
			sent->killer = OOM_KILLER_SIGNAL;
	} else {
		identify_by_name(sent);
	}
	if (target.workload)
		sent->target_workload = oom_arena_strdup(arena, target.workload->name);
	sent->target_kin = oom_kin_word(&target);
	if (target.workload && target.workload->unit)
		sent->target_unit = oom_arena_strdup(arena, target.workload->unit->name);
	else if (seen && seen->target_unit >= 0)
		sent->target_unit = oom_arena_strdup(arena, run->units[seen->target_unit].name);
	sent->ended = has_ended(sent, &target, &sender) && !is_harness(run, seen);
}

/* A signal that the trace overran, but not the lineage. */
static int add_missing(struct oom_run_state *run, const bool used[static OOM_SEEN_SIGNALS])
{
	for (size_t i = 0; run->lineage && i < run->lineage->n_signals; i++) {
		const struct oom_seen_signal *seen = &run->lineage->signals[i];
		struct oom_signal_rec *sent = used[i] ? NULL : oom_attempt_add_signal(run->record);

		if (used[i])
			continue;
		if (!sent)
			return -ENOMEM;
		if (run->log_offset_us != INT64_MIN)
			sent->time_us = (int64_t)seen->time_us - run->log_offset_us;
		sent->sender_pid = seen->sender_tid;
		sent->target_pid = seen->target;
		sent->signal = seen->signal;
		sent->code = seen->code;
		identify(run, sent, seen);
	}
	return 0;
}

int oom_senders_identify(struct oom_run_state *run)
{
	bool used[OOM_SEEN_SIGNALS] = {false};
	struct oom_attempt *record = run->record;

	for (size_t i = 0; i < record->n_signals; i++) {
		struct oom_signal_rec *sent = &record->signals[i];

		if (sent->signal != SIGCHLD)
			identify(run, sent, same_signal(run->lineage, sent, used));
	}
	return add_missing(run, used) < 0 || record->arena.failed ? -ENOMEM : 0;
}
