// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/trace.h"
#include "lib/record/record.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static bool is_ok(const struct oom_attempt *attempt, const char *name)
{
	const struct oom_source_rec *source = oom_attempt_source(attempt, name);

	return source && source->state == OOM_SOURCE_OK;
}

/* The sum of @name in the units' own counters, INT64_MAX where it is beyond; -1 where one of them was not read. */
static int64_t sum_local(const struct oom_attempt *attempt, const char *name)
{
	int64_t sum = attempt->n_units ? 0 : -1;

	for (size_t i = 0; i < attempt->n_units; i++) {
		const struct oom_unit_rec *unit = &attempt->units[i];
		int64_t value = oom_counter_get(unit->events_local, unit->n_events_local, name);

		if (value < 0)
			return -1;
		if (__builtin_add_overflow(sum, value, &sum))
			sum = INT64_MAX;
	}
	return sum;
}

/* In one of the units' own cgroups? A victim further down is counted there, where nobody looked. */
static bool in_a_unit(const struct oom_attempt *attempt, const struct oom_kill *kill)
{
	for (size_t i = 0; i < attempt->n_units; i++)
		if (kill->task_memcg && attempt->units[i].cgroup &&
			!strcmp(kill->task_memcg, attempt->units[i].cgroup))
			return true;
	return kill->workload && !kill->task_memcg;
}

/*
 * The kernel counts each kill at the victim's cgroup; with memory.oom.group the first victim is
 * counted again when it is still there as its cgroup's turn comes (mm/oom_kill.c:
 * oom_kill_process()).
 */
static int check_kills(struct oom_attempt *attempt)
{
	int64_t counted = sum_local(attempt, "oom_kill"), logged = 0;
	int64_t groups = sum_local(attempt, "oom_group_kill"); /* since 5.17 */
	char logged_text[24], counted_text[24];
	bool v1 = sum_local(attempt, "oom_kill_disable") >= 0;
	struct oom_dispute_rec dispute = {"", oom_fact_name(OOM_FACT_COUNT), "kmsg", logged_text,
		v1 ? "memory.oom_control" : "memory.events.local", counted_text};

	if (counted < 0 || !(is_ok(attempt, "kmsg") || is_ok(attempt, "mark_victim")))
		return 0;
	if (groups < 0 && is_ok(attempt, "kmsg"))
		groups = 0; /* what the log says comes on top; without it there is no upper bound */
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];

		if (kill->workload && !in_a_unit(attempt, kill))
			return 0;
		logged += in_a_unit(attempt, kill);
		groups += groups >= 0 && groups < INT64_MAX &&
			kill->oom_group; /* at most one a member */
	}
	if (counted >= logged && (groups < 0 || counted - logged <= groups))
		return 0;
	snprintf(logged_text, sizeof(logged_text), "%" PRId64, logged);
	snprintf(counted_text, sizeof(counted_text), "%" PRId64, counted);
	if (!is_ok(attempt, "kmsg"))
		dispute.source = "mark_victim";
	return oom_attempt_add_dispute(attempt, &dispute);
}

/* The same of one unit, where the log names the cgroup of its victims. */
static int check_unit(struct oom_attempt *attempt, const struct oom_unit_rec *unit)
{
	int64_t counted = oom_counter_get(unit->events_local, unit->n_events_local, "oom_kill");
	int64_t logged = 0, more = 0;
	char logged_text[24], counted_text[24];
	struct oom_dispute_rec dispute = {unit->name, oom_fact_name(OOM_FACT_COUNT), "kmsg",
		logged_text, "memory.events.local", counted_text};

	if (counted < 0 || !unit->cgroup || !is_ok(attempt, "kmsg"))
		return 0;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];
		bool here = kill->task_memcg && !strcmp(kill->task_memcg, unit->cgroup);

		logged += here;
		more += (here && kill->oom_group) || !kill->task_memcg; /* twice, or anywhere */
	}
	if (counted >= logged && counted - logged <= more)
		return 0;
	snprintf(logged_text, sizeof(logged_text), "%" PRId64, logged);
	snprintf(counted_text, sizeof(counted_text), "%" PRId64, counted);
	return oom_attempt_add_dispute(attempt, &dispute);
}

/*
 * The machine counts every kill (/proc/vmstat): one that no line and no tracepoint told of, or that was not
 * understood, shows here. A group's first victim may be counted twice.
 */
static int check_machine(struct oom_attempt *attempt)
{
	const struct oom_source_rec *machine = oom_attempt_source(attempt, "vmstat");
	char known_text[24], counted_text[24];
	struct oom_dispute_rec dispute = {
		"", oom_fact_name(OOM_FACT_COUNT), "kmsg", known_text, "vmstat", counted_text};
	int64_t known = 0, most = 0;

	if (!machine || machine->state != OOM_SOURCE_OK || !is_ok(attempt, "kmsg"))
		return 0;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		known++;
		most += 1 + attempt->kills[i].oom_group;
	}
	if (machine->records <= most)
		return 0;
	snprintf(known_text, sizeof(known_text), "%" PRId64, known);
	snprintf(counted_text, sizeof(counted_text), "%" PRId64, machine->records);
	return oom_attempt_add_dispute(attempt, &dispute);
}

/* The kernel's kill of the workload's own process that the log tells of; NULL: it tells of none. */
static const struct oom_kill *logged_kill(
	const struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];

		if (kill->killer >= OOM_KILLER_KERNEL_MEMCG &&
			kill->killer <= OOM_KILLER_KERNEL_SYSRQ && oom_kill_is_own(kill, workload))
			return kill;
	}
	return NULL;
}

/* Only a positive contradiction counts: a tracepoint that is silent proves nothing. */
static int check_killer(struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	const struct oom_kill *kill = logged_kill(attempt, workload);
	struct oom_dispute_rec dispute = {workload->name, oom_fact_name(OOM_FACT_KILLER), "kmsg",
		oom_killer_name(kill ? kill->killer : OOM_KILLER_UNKNOWN), "signal_generate",
		"signal"};
	bool by_kernel = false, by_process = false;

	for (size_t i = 0; i < attempt->n_signals; i++) {
		const struct oom_signal_rec *sent = &attempt->signals[i];

		if (sent->signal != SIGKILL || !oom_signal_is_own(sent, workload))
			continue;
		by_kernel = by_kernel || sent->code == OOM_TRACE_BY_KERNEL;
		by_process = by_process || sent->code != OOM_TRACE_BY_KERNEL;
	}
	if (!kill || by_kernel || !by_process)
		return 0;
	return oom_attempt_add_dispute(attempt, &dispute);
}

/* The log prints every kill ("Killed process" is not rate-limited): what mark_victim saw must be
 * there, as long as the log was still read. */
static int check_log(struct oom_attempt *attempt)
{
	char logged_text[24], marked_text[24];
	struct oom_dispute_rec dispute = {
		"", oom_fact_name(OOM_FACT_COUNT), "kmsg", logged_text, "mark_victim", marked_text};
	int64_t logged = 0, marked = 0;

	if (!is_ok(attempt, "kmsg") || !is_ok(attempt, "mark_victim"))
		return 0;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];
		bool is_late = attempt->settled_us >= 0 && kill->time_us >= attempt->settled_us;

		logged += kill->line >= 0;
		marked += kill->line >= 0 || !is_late;
	}
	if (logged == marked)
		return 0;
	snprintf(logged_text, sizeof(logged_text), "%" PRId64, logged);
	snprintf(marked_text, sizeof(marked_text), "%" PRId64, marked);
	return oom_attempt_add_dispute(attempt, &dispute);
}

/* A workload that the log calls killed must have died of SIGKILL. */
static int check_wait(struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	const struct oom_kill *kill = logged_kill(attempt, workload);
	struct oom_dispute_rec dispute = {workload->name, oom_fact_name(OOM_FACT_VICTIM), "kmsg",
		oom_killer_name(kill ? kill->killer : OOM_KILLER_UNKNOWN), "wait",
		oom_end_name(workload->end)};

	if (!kill || workload->signal == SIGKILL || workload->end == OOM_END_STUCK)
		return 0;
	return oom_attempt_add_dispute(attempt, &dispute);
}

/* When the kernel sent SIGKILL to the victim of @kill, by the trace; -1: it does not tell. */
static int64_t signal_time(const struct oom_attempt *attempt, const struct oom_kill *kill)
{
	int64_t time_us = -1;

	for (size_t i = 0; i < attempt->n_signals; i++) {
		const struct oom_signal_rec *sent = &attempt->signals[i];

		if (sent->signal != SIGKILL || sent->code != OOM_TRACE_BY_KERNEL ||
			sent->target_pid != kill->victim.pid)
			continue;
		if (time_us >= 0)
			return -1; /* of several none is said to be this one's */
		time_us = sent->time_us;
	}
	return time_us;
}

/* One kill follows the other (oom_lock): the log and the tracepoint must have them in one order. */
static int check_order(struct oom_attempt *attempt)
{
	const struct oom_kill *before = NULL;
	int64_t before_us = -1;

	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];
		int64_t time_us = kill->line < 0 ? -1 : signal_time(attempt, kill);
		char one[48], other[48];
		struct oom_dispute_rec dispute = {
			"", oom_fact_name(OOM_FACT_TIME), "kmsg", one, "signal_generate", other};

		if (time_us < 0)
			continue;
		if (before && time_us < before_us) {
			snprintf(one, sizeof(one), "pid %" PRId64 " first", before->victim.pid);
			snprintf(other, sizeof(other), "pid %" PRId64 " first", kill->victim.pid);
			return oom_attempt_add_dispute(attempt, &dispute);
		}
		before = kill;
		before_us = time_us;
	}
	return 0;
}

int oom_attempt_cross_check(struct oom_attempt *attempt)
{
	int r = check_kills(attempt);

	for (size_t i = 0; i < attempt->n_units && r == 0; i++)
		r = check_unit(attempt, &attempt->units[i]);
	if (r == 0)
		r = check_machine(attempt);
	if (r == 0)
		r = check_log(attempt);
	if (r == 0)
		r = check_order(attempt);
	for (size_t i = 0; i < attempt->n_workloads && r == 0; i++) {
		r = check_killer(attempt, &attempt->workloads[i]);
		if (r == 0)
			r = check_wait(attempt, &attempt->workloads[i]);
	}
	return r;
}
