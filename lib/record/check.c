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
	struct oom_dispute_rec dispute = {"", "OOMKills", "kmsg", logged_text,
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

/*
 * The machine counts every kill (/proc/vmstat): one that no line and no tracepoint told of, or that was not
 * understood, shows here. A group's first victim may be counted twice.
 */
static int check_machine(struct oom_attempt *attempt)
{
	const struct oom_source_rec *machine = oom_attempt_source(attempt, "vmstat");
	char known_text[24], counted_text[24];
	struct oom_dispute_rec dispute = {
		"", "OOMKills", "kmsg", known_text, "vmstat", counted_text};
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

/* Which kernel killer the log names for @pid; UNKNOWN where it names none. */
static enum oom_killer logged_killer(const struct oom_attempt *attempt, int64_t pid)
{
	for (size_t i = 0; i < attempt->n_kills; i++) {
		enum oom_killer killer = attempt->kills[i].killer;

		if (attempt->kills[i].victim.pid == pid && killer >= OOM_KILLER_KERNEL_MEMCG &&
			killer <= OOM_KILLER_KERNEL_SYSRQ)
			return killer;
	}
	return OOM_KILLER_UNKNOWN;
}

/* Only a positive contradiction counts: a tracepoint that is silent proves nothing. */
static int check_killer(struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	enum oom_killer killer = logged_killer(attempt, workload->pid);
	struct oom_dispute_rec dispute = {workload->name, "KilledBy", "kmsg",
		oom_killer_name(killer), "signal_generate", "signal"};
	bool by_kernel = false, by_process = false;

	for (size_t i = 0; i < attempt->n_signals; i++) {
		const struct oom_signal_rec *sent = &attempt->signals[i];

		if (sent->target_pid != workload->pid || sent->signal != SIGKILL)
			continue;
		by_kernel = by_kernel || sent->code == OOM_TRACE_BY_KERNEL;
		by_process = by_process || sent->code != OOM_TRACE_BY_KERNEL;
	}
	if (killer == OOM_KILLER_UNKNOWN || workload->pid < 0 || by_kernel || !by_process)
		return 0;
	return oom_attempt_add_dispute(attempt, &dispute);
}

/* The log prints every kill ("Killed process" is not rate-limited): what mark_victim saw must be
 * there. */
static int check_log(struct oom_attempt *attempt)
{
	char text[160];

	if (!is_ok(attempt, "kmsg") || !is_ok(attempt, "mark_victim"))
		return 0;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];

		if (kill->line >= 0)
			continue;
		snprintf(text, sizeof(text),
			"mark_victim names pid %" PRId64 ", but kmsg has no kill of it",
			kill->victim.pid);
		if (oom_attempt_add_text(
			    attempt, &attempt->disagreements, &attempt->n_disagreements, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A workload that the log calls killed must have died of SIGKILL. */
static int check_wait(struct oom_attempt *attempt, const struct oom_workload_rec *workload)
{
	struct oom_dispute_rec dispute = {workload->name, "KilledBy", "kmsg",
		oom_killer_name(logged_killer(attempt, workload->pid)), "wait",
		oom_end_name(workload->end)};

	if (logged_killer(attempt, workload->pid) == OOM_KILLER_UNKNOWN || workload->pid < 0 ||
		workload->signal == SIGKILL || workload->end == OOM_END_STUCK)
		return 0;
	return oom_attempt_add_dispute(attempt, &dispute);
}

int oom_attempt_cross_check(struct oom_attempt *attempt)
{
	int r = check_kills(attempt);

	if (r == 0)
		r = check_machine(attempt);
	if (r == 0)
		r = check_log(attempt);
	for (size_t i = 0; i < attempt->n_workloads && r == 0; i++) {
		r = check_killer(attempt, &attempt->workloads[i]);
		if (r == 0)
			r = check_wait(attempt, &attempt->workloads[i]);
	}
	return r;
}
