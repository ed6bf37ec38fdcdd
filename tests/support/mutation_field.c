// SPDX-License-Identifier: LGPL-2.1-or-later
/* One field of the record: not observed, or another value. And the table of all mutations. */
#include "tests/support/mutation.h"

#include "tests/support/judge.h"

#include <string.h>

static struct oom_kill *first_kill_of(struct oom_attempt *attempt, const char *workload)
{
	for (size_t i = 0; i < attempt->n_kills; i++)
		if (attempt->kills[i].workload && !strcmp(attempt->kills[i].workload, workload))
			return &attempt->kills[i];
	return NULL;
}

static int64_t *counter(struct oom_counter *counters, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(counters[i].name, strchr(key, '.') + 1))
			return &counters[i].value;
	return NULL;
}

static int64_t *number_of_unit(struct oom_unit_rec *unit, const struct claim *claim)
{
	if (mutation_is_key(claim, "MemoryPeak"))
		return &unit->memory_peak_bytes;
	if (mutation_is_key(claim, "PressureFull"))
		return &unit->pressure_full_us;
	if (mutation_is_key(claim, "Event."))
		return counter(unit->events, unit->n_events, claim->key);
	if (mutation_is_key(claim, "EventLocal."))
		return counter(unit->events_local, unit->n_events_local, claim->key);
	if (mutation_is_key(claim, "EventParent."))
		return counter(unit->events_parent, unit->n_events_parent, claim->key);
	if (mutation_is_key(claim, "PidsEvent."))
		return counter(unit->pids_events, unit->n_pids_events, claim->key);
	return NULL;
}

static int64_t *number_of_workload(
	struct oom_attempt *attempt, struct oom_workload_rec *w, const struct claim *claim)
{
	struct oom_kill *kill = first_kill_of(attempt, w->name);
	const struct {
		const char *key;
		int64_t *value;
	} fields[] = {
		{"ExitCode", &w->exit_code},
		{"Errno", &w->errno_value},
		{"Reached", &w->reached_bytes},
		{"Kills", &w->kills},
		{"Ops", &w->ops},
		{"KillLatency", &w->kill_latency_us},
		{"Within", &w->end_us},
		{"LatencyP99", &w->latency_p99_us},
		{"Signal", &w->signal},
		{"AnonRSS", kill ? &kill->victim.anon_rss_kib : NULL},
		{"FileRSS", kill ? &kill->victim.file_rss_kib : NULL},
		{"ShmemRSS", kill ? &kill->victim.shmem_rss_kib : NULL},
		{"OOMScoreAdjust", kill ? &kill->victim.oom_score_adj : NULL},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (mutation_is_key(claim, fields[i].key))
			return fields[i].value;
	return NULL;
}

static int64_t *number_of(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);
	struct oom_unit_rec *unit = mutation_unit(attempt, claim);

	if (w)
		return number_of_workload(attempt, w, claim);
	if (unit)
		return number_of_unit(unit, claim);
	return mutation_is_key(claim, "OOMKills")	? &attempt->oom_kills
		: mutation_is_key(claim, "KillLatency") ? &attempt->kill_latency_us
							: NULL;
}

static bool is_not_observed(struct oom_attempt *attempt, const struct claim *claim)
{
	int64_t *number = number_of(attempt, claim);
	struct oom_kill *kill = first_kill_of(attempt, claim->subject);

	if (!number)
		return false;
	*number = -1;
	if (mutation_is_key(claim, "OOMScoreAdjust")) {
		*number = OOM_ADJ_UNKNOWN;
		kill->n_tasks = 0;
	}
	return true;
}

static bool is_another(struct oom_attempt *attempt, const struct claim *claim)
{
	int64_t *number = number_of(attempt, claim);

	if (!number)
		return false;
	if (mutation_is_key(claim, "ExitCode"))
		*number = (*number + 1) % 256;
	else if (mutation_is_key(claim, "Signal"))
		*number = *number == 15 ? 9 : 15;
	else if (mutation_is_key(claim, "OOMScoreAdjust"))
		*number = *number > 0 ? *number - 1 : *number + 1;
	else
		*number = *number * 4 + (1 << 20);
	return true;
}

static bool flip_group(struct oom_attempt *attempt, bool seen)
{
	bool any = attempt->n_kills > 0;

	for (size_t i = 0; i < attempt->n_kills; i++)
		attempt->kills[i].oom_group = !seen;
	for (size_t i = 0; i < attempt->n_units; i++) {
		struct oom_unit_rec *unit = &attempt->units[i];
		int64_t *groups = counter(unit->events, unit->n_events, ".oom_group_kill");

		any |= groups != NULL;
		if (groups)
			*groups = !seen;
	}
	return any;
}

static void flip_fork_rejected(struct oom_attempt *attempt, bool seen)
{
	attempt->fork_rejected = !seen;
	for (size_t i = 0; i < attempt->n_units; i++) {
		struct oom_unit_rec *unit = &attempt->units[i];
		int64_t *refused = counter(unit->pids_events, unit->n_pids_events, ".max");

		if (refused)
			*refused = !seen;
	}
}

/* What is yes or no is the other. */
static bool is_the_other(struct oom_attempt *attempt, const struct claim *claim)
{
	bool seen = !strcmp(claim->wanted, "yes");
	struct oom_workload_rec *w = mutation_workload(attempt, claim);
	struct oom_unit_rec *unit = mutation_unit(attempt, claim);

	if (mutation_is_key(claim, "Panic"))
		attempt->panicked = !seen;
	else if (mutation_is_key(claim, "ForkRejected"))
		flip_fork_rejected(attempt, seen);
	else if (mutation_is_key(claim, "GroupKill"))
		return flip_group(attempt, seen);
	else if (mutation_is_key(claim, "LogComplete"))
		judge_set_source(attempt, "kmsg", seen ? OOM_SOURCE_LOST : OOM_SOURCE_OK, 1, NULL);
	else if (mutation_is_key(claim, "Started"))
		w->start_us = seen ? -1 : 1;
	else if (mutation_is_key(claim, "Survives"))
		w->end = seen ? OOM_END_SIGNALLED : OOM_END_SURVIVED;
	else if (mutation_is_key(claim, "Active"))
		unit->active_state = seen ? "failed" : "active";
	else
		unit->result = strcmp(claim->wanted, "watchdog") != 0 ? "watchdog" : "success";
	if (mutation_is_key(claim, "Survives") && !seen)
		w->asked_signal = w->signal = 0;
	return true;
}

/* The victim was none that the formula would choose, and is not in its table. */
static bool was_not_predicted(struct oom_attempt *attempt, const struct claim *claim)
{
	bool any = false;

	for (size_t i = 0; i < attempt->n_kills && !strcmp(claim->wanted, "yes"); i++) {
		struct oom_kill *kill = &attempt->kills[i];

		any |= kill->n_ranking > 0;
		kill->victim.pid += 1000000;
		kill->chosen_pid = -1;
	}
	return any;
}

static bool has_no_table(struct oom_attempt *attempt, const struct claim *claim)
{
	(void)claim;
	for (size_t i = 0; i < attempt->n_kills; i++)
		attempt->kills[i].n_ranking = attempt->kills[i].n_tasks = 0;
	return true;
}

static bool kernel_warned(struct oom_attempt *attempt, const struct claim *claim)
{
	(void)claim;
	return oom_attempt_add_text(attempt, &attempt->warnings, &attempt->n_warnings,
		       "WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1") == 0;
}

#define VICTIMS		" OOMKills Victim FirstVictim Constraint "
#define ENDS		" ExitCode Signal KilledBy KilledBy.self Survives "
#define SIZES		" AnonRSS FileRSS ShmemRSS OOMScoreAdjust "
#define COUNTERS	" Event. EventLocal. EventParent. "
#define ALL_OF_WORKLOAD ENDS SIZES " Kills Errno Reached Ops KillLatency Within LatencyP99 Started "
#define ALL_OF_UNIT	COUNTERS " PidsEvent. Result Active MemoryPeak PressureFull KilledBy "
#define NUMBERS                                                                                    \
	SIZES COUNTERS                                                                             \
		" PidsEvent. ExitCode Errno Reached Kills Ops KillLatency Within LatencyP99 "      \
		"MemoryPeak PressureFull OOMKills "

/* clang-format off */
const struct mutation mutations[] = {
	{"nobody was killed", VICTIMS ENDS SIZES COUNTERS " GroupKill PredictedVictim Kills KillLatency Result ",
		mutation_nobody_was_killed},
	{"another was killed first", " OOMKills Victim FirstVictim Constraint ",
		mutation_another_was_killed_first},
	{"a child of it was killed, too", " Kills KilledBy ", mutation_a_child_was_killed},
	{"it was another", " Victim FirstVictim Kills " ENDS SIZES, mutation_it_was_another},
	{"another kind of kill", " KilledBy KilledBy.self Constraint ", mutation_another_kind_of_kill},
	{"somebody sent the signal", " KilledBy KilledBy.self Kills " SIZES, mutation_somebody_sent_it},
	{"nothing told of kills", VICTIMS SIZES COUNTERS " PidsEvent. GroupKill PredictedVictim KernelWarnings "
		"ForkRejected LogComplete Kills KilledBy KilledBy.self KillLatency ", mutation_blind_for_kills},
	{"nothing told of children", " KilledBy Kills ", mutation_blind_for_children},
	{"the log misses a kill", VICTIMS " Kills KilledBy KilledBy.self ", mutation_log_misses_one, true},
	{"the machine counted more", VICTIMS COUNTERS " GroupKill PredictedVictim LogComplete Kills KilledBy ",
		mutation_machine_counts_more, true},
	{"mark_victim tells of more", VICTIMS COUNTERS " GroupKill PredictedVictim LogComplete Kills KilledBy ",
		mutation_trace_marks_more, true},
	{"wait says that it lives", ENDS SIZES " Kills Within KillLatency ", mutation_wait_says_it_lives, true},
	{"the trace names a process", " KilledBy KilledBy.self ", mutation_trace_names_a_process},
	{"no signal was traced", " KilledBy KilledBy.self Survives ", mutation_trace_is_absent, true},
	{"the sender was not seen", " KilledBy KilledBy.self ", mutation_sender_was_not_seen},
	{"systemd told nothing", " Result Active ", mutation_systemd_is_absent},
	{"the counters were not read", COUNTERS " PidsEvent. ", mutation_counters_were_not_read},
	{"the harness ended it", " ExitCode Signal KilledBy KilledBy.self Within ", mutation_harness_ended_it},
	{"it was not started", ALL_OF_WORKLOAD, mutation_it_was_not_started},
	{"the record lacks it", ALL_OF_WORKLOAD ALL_OF_UNIT, mutation_record_lacks_it},
	{"it was not observed", NUMBERS, is_not_observed},
	{"it is another number", NUMBERS " Signal ", is_another},
	{"it is the other", " Panic ForkRejected GroupKill LogComplete Started Survives Active Result ", is_the_other},
	{"it was not predicted", " PredictedVictim ", was_not_predicted},
	{"no table was logged", " PredictedVictim ", has_no_table},
	{"the kernel warned", " KernelWarnings ", kernel_warned},
	{0},
};
/* clang-format on */
