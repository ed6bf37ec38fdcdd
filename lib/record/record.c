// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct oom_workload_rec workload_unseen = {
	.pid = -1,
	.exit_code = -1,
	.signal = -1,
	.errno_value = -1,
	.reached_bytes = -1,
	.start_us = -1,
	.end_us = -1,
	.kill_latency_us = -1,
	.latency_p99_us = -1,
	.ops = -1,
	.kills = -1,
	.line = -1,
	.asked_signal = -1,
	.descendants_killed = -1,
};
static const struct oom_unit_rec unit_unseen = {
	.memory_max_bytes = -1,
	.memory_peak_bytes = -1,
	.pressure_full_us = -1,
};
static const struct oom_signal_rec signal_unseen = {
	.time_us = -1,
	.sender_pid = -1,
	.target_pid = -1,
	.signal = -1,
	.code = -1,
	.result = -1,
};
static const struct oom_source_rec source_unseen = {
	.state = OOM_SOURCE_ABSENT,
	.records = -1,
	.lost = -1,
};
static const struct oom_fault_rec fault_unseen = {.fired_us = -1, .errno_value = -1, .line = -1};
static const struct oom_precondition_rec precondition_unseen = {
	.subject = "", .key = "", .wanted = "", .came_us = -1, .verdict = OOM_BROKEN, .line = -1};
static const struct oom_standstill_rec standstill_unseen = {.at_us = -1, .length_us = -1};
static const struct oom_expect_rec expect_unseen = {
	.subject = "", .verdict = OOM_BROKEN, .line = -1};
static const struct oom_machine_rec machine_unseen = {.memory_bytes = -1, .cpus = -1};

struct oom_attempt *oom_attempt_new(void)
{
	struct oom_attempt *attempt = calloc(1, sizeof(*attempt));

	if (!attempt)
		return NULL;
	attempt->attempt = 1;
	attempt->verdict = OOM_BROKEN;
	attempt->reason = "not judged";
	attempt->oom_kills = -1;
	attempt->start_realtime_us = attempt->kill_latency_us = -1;
	attempt->duration_us = attempt->setup_us = -1;
	attempt->qemu_us = attempt->restore_us = attempt->wake_us = attempt->report_us =
		attempt->end_us = attempt->own_bytes = -1;
	attempt->machine_us = attempt->harness_rss_bytes = attempt->known_on = -1;
	attempt->memory_bytes = attempt->cpus = attempt->settled_us = -1;
	return attempt;
}

void oom_attempt_free(struct oom_attempt *attempt)
{
	if (!attempt)
		return;
	oom_arena_release(&attempt->arena);
	free(attempt);
}

/* The new last element of an array that @arena owns, set to @unseen; NULL without memory. */
static void *append(struct oom_arena *arena, void *array_ptr, size_t *count, const void *unseen,
	size_t element_bytes)
{
	void **array = array_ptr;
	char *grown = oom_arena_grow(arena, *array, *count, element_bytes);

	if (!grown)
		return NULL;
	*array = grown;
	return memcpy(grown + (*count)++ * element_bytes, unseen, element_bytes);
}

struct oom_machine_rec *oom_run_add_machine(struct oom_run *run)
{
	return append(&run->arena, &run->machines, &run->n_machines, &machine_unseen,
		sizeof(machine_unseen));
}

struct oom_workload_rec *oom_attempt_add_workload(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->workloads, &attempt->n_workloads, &workload_unseen,
		sizeof(workload_unseen));
}

struct oom_unit_rec *oom_attempt_add_unit(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->units, &attempt->n_units, &unit_unseen,
		sizeof(unit_unseen));
}

struct oom_kill *oom_attempt_add_kill(struct oom_attempt *attempt)
{
	struct oom_kill unseen = {0};

	oom_kill_init(&unseen);
	return append(&attempt->arena, &attempt->kills, &attempt->n_kills, &unseen, sizeof(unseen));
}

struct oom_signal_rec *oom_attempt_add_signal(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->signals, &attempt->n_signals, &signal_unseen,
		sizeof(signal_unseen));
}

struct oom_source_rec *oom_attempt_add_source(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->sources, &attempt->n_sources, &source_unseen,
		sizeof(source_unseen));
}

struct oom_fault_rec *oom_attempt_add_fault(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->faults, &attempt->n_faults, &fault_unseen,
		sizeof(fault_unseen));
}

struct oom_precondition_rec *oom_attempt_add_precondition(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->preconditions, &attempt->n_preconditions,
		&precondition_unseen, sizeof(precondition_unseen));
}

struct oom_standstill_rec *oom_attempt_add_standstill(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->standstills, &attempt->n_standstills,
		&standstill_unseen, sizeof(standstill_unseen));
}

struct oom_expect_rec *oom_attempt_add_expect(struct oom_attempt *attempt)
{
	return append(&attempt->arena, &attempt->expects, &attempt->n_expects, &expect_unseen,
		sizeof(expect_unseen));
}

struct oom_dispute_rec *oom_attempt_dispute_slot(struct oom_attempt *attempt)
{
	static const struct oom_dispute_rec empty;

	return append(
		&attempt->arena, &attempt->disputes, &attempt->n_disputes, &empty, sizeof(empty));
}

int oom_attempt_add_text(
	struct oom_attempt *attempt, const char ***array, size_t *count, const char *text)
{
	const char *copy = oom_arena_strdup(&attempt->arena, text);

	if (!copy || !append(&attempt->arena, array, count, &copy, sizeof(copy)))
		return -ENOMEM;
	return 0;
}

int oom_attempt_add_dispute(struct oom_attempt *attempt, const struct oom_dispute_rec *dispute)
{
	struct oom_arena *arena = &attempt->arena;
	struct oom_dispute_rec *slot = oom_attempt_dispute_slot(attempt);
	bool count = !strcmp(dispute->fact, oom_fact_name(OOM_FACT_COUNT));
	char *sentence = oom_arena_printf(arena, "%s%s%s: %s says %s, %s says %s", dispute->subject,
		*dispute->subject ? ", " : "", count ? "number of kills" : dispute->fact,
		dispute->source, dispute->value, dispute->other_source, dispute->other_value);

	if (!slot ||
		!append(arena, &attempt->disagreements, &attempt->n_disagreements, &sentence,
			sizeof(sentence)))
		return -ENOMEM;
	*slot = (struct oom_dispute_rec){
		.subject = oom_arena_strdup(arena, dispute->subject),
		.fact = oom_arena_strdup(arena, dispute->fact),
		.source = oom_arena_strdup(arena, dispute->source),
		.value = oom_arena_strdup(arena, dispute->value),
		.other_source = oom_arena_strdup(arena, dispute->other_source),
		.other_value = oom_arena_strdup(arena, dispute->other_value),
	};
	return arena->failed ? -ENOMEM : 0;
}

int oom_attempt_add_counter(struct oom_attempt *attempt, struct oom_counter **array, size_t *count,
	const char *name, int64_t value)
{
	struct oom_counter counter = {oom_arena_strdup(&attempt->arena, name), value};

	if (!counter.name || !append(&attempt->arena, array, count, &counter, sizeof(counter)))
		return -ENOMEM;
	return 0;
}

/* The element whose .name, which is the first member of its struct, is @name. */
static void *find_named(const void *array, size_t count, size_t element_bytes, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		const char *element = (const char *)array + i * element_bytes;
		const char *its_name = *(const char *const *)element;

		if (its_name && name && !strcmp(its_name, name))
			return (void *)element;
	}
	return NULL;
}

struct oom_workload_rec *oom_attempt_workload(const struct oom_attempt *attempt, const char *name)
{
	_Static_assert(offsetof(struct oom_workload_rec, name) == 0, "find_named()");
	return find_named(
		attempt->workloads, attempt->n_workloads, sizeof(*attempt->workloads), name);
}

struct oom_unit_rec *oom_attempt_unit(const struct oom_attempt *attempt, const char *name)
{
	_Static_assert(offsetof(struct oom_unit_rec, name) == 0, "find_named()");
	return find_named(attempt->units, attempt->n_units, sizeof(*attempt->units), name);
}

struct oom_source_rec *oom_attempt_source(const struct oom_attempt *attempt, const char *name)
{
	_Static_assert(offsetof(struct oom_source_rec, name) == 0, "find_named()");
	return find_named(attempt->sources, attempt->n_sources, sizeof(*attempt->sources), name);
}

int64_t oom_counter_get(const struct oom_counter *counters, size_t count, const char *name)
{
	const struct oom_counter *counter = find_named(counters, count, sizeof(*counters), name);

	_Static_assert(offsetof(struct oom_counter, name) == 0, "find_named()");
	return counter ? counter->value : -1;
}

enum oom_verdict oom_verdict_worse(enum oom_verdict a, enum oom_verdict b)
{
	static const int badness[OOM_VERDICT_COUNT_] = {
		[OOM_SKIPPED] = 0,
		[OOM_PASS] = 1,
		[OOM_KNOWN] = 2,
		[OOM_INCONCLUSIVE] = 3,
		[OOM_FAIL] = 4,
		[OOM_BROKEN] = 5,
	};

	return badness[a] >= badness[b] ? a : b;
}
