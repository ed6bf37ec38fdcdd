// SPDX-License-Identifier: LGPL-2.1-or-later
/* What can be said of a machine that stood still while its clocks went on. */
#include "harness/expects/expect.h"
#include "lib/base/format.h"

#include <string.h>

/* Less than one part in so many of a run excuses nobody: deadlines are far away. */
enum { STUCK_PART = 4, WATCHDOG_US = 5000000 };

const char *oom_expect_standstill(
	const struct oom_expect_case *c, int64_t from_us, int64_t to_us, int64_t least_us)
{
	const struct oom_standstill_rec *longest;
	int64_t lost_us = oom_attempt_lost_us(c->attempt, from_us, to_us, &longest);
	char lost[24], at[24];

	if (!longest || lost_us < least_us)
		return NULL;
	return oom_arena_printf(c->arena, "the machine stood still for %s of it, at %s (%s)",
		oom_format_duration((uint64_t)lost_us, lost),
		oom_format_duration((uint64_t)longest->at_us, at),
		longest->why ? longest->why : "nobody says why");
}

/* Does a range of what is wanted hold all of [@least, @most] (1), none of it (0), or a part (-1)? */
static int holds_all(const struct oom_value *wanted, double least, double most)
{
	bool any = false;

	for (size_t i = 0; i < wanted->ranges.count; i++) {
		const struct oom_range *range = &wanted->ranges.items[i];

		if ((!range->has_lo || range->lo <= least) && (!range->has_hi || range->hi >= most))
			return 1;
		any |= (!range->has_lo || range->lo <= most) &&
			(!range->has_hi || range->hi >= least);
	}
	return any ? -1 : 0;
}

void oom_expect_span(const struct oom_expect_case *c, int64_t from_us, int64_t to_us,
	int64_t observed_us, struct oom_expect_result *ret)
{
	int64_t lost_us = oom_attempt_lost_us(c->attempt, from_us, to_us, NULL), least_us;

	oom_expect_usec(c, observed_us, ret);
	if (observed_us <= 0 || !lost_us)
		return;
	least_us = observed_us > lost_us ? observed_us - lost_us : 0;
	if (holds_all(c->wanted, (double)least_us, (double)observed_us) < 0)
		oom_expect_inconclusive(c, ret, "%s", oom_expect_standstill(c, from_us, to_us, 0));
}

/* Of a run that a clock ended, so that a machine which stood still had less of it; NULL: it did not, or that was too
 * little to matter. */
static const char *time_taken(const struct oom_expect_case *c)
{
	const struct oom_section *section =
		oom_scenario_section(c->scenario, OOM_SEC_SCENARIO, NULL);
	const struct oom_setting *until = section ? oom_section_get(section, "Until") : NULL;
	bool by_clock = until && !until->value.when.subject;
	int64_t run_us = c->attempt->duration_us - c->attempt->setup_us;
	int64_t least_us = run_us > 0 ? run_us / STUCK_PART : 0;

	for (size_t i = 0; i < c->attempt->n_workloads; i++)
		by_clock |= c->attempt->workloads[i].end == OOM_END_STUCK;
	if (!by_clock)
		return NULL;
	return oom_expect_standstill(c, 0, INT64_MAX,
		least_us > OOM_STANDSTILL_MIN_US ? least_us : OOM_STANDSTILL_MIN_US);
}

const char *oom_expect_stuck_excuse(
	const struct oom_scenario *scenario, struct oom_attempt *attempt)
{
	const struct oom_expect_case c = {
		.attempt = attempt, .scenario = scenario, .arena = &attempt->arena};

	return time_taken(&c);
}

/* Lockups and stalls are found by clocks (kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c,
 * kernel/workqueue.c). */
static bool is_of_a_watchdog(const char *warning)
{
	static const char *const words[] = {"lockup", "stall", "blocked for more than"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(warning, words[i]))
			return true;
	return false;
}

static bool only_watchdogs(const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_warnings; i++)
		if (!is_of_a_watchdog(attempt->warnings[i]))
			return false;
	return attempt->n_warnings;
}

/* Would its subject have had a chance, had the machine not stood still? */
static const char *chance_lost(
	const struct oom_expect_case *c, const struct oom_expect_result *result)
{
	const char *observed = result->observed ? result->observed : "";
	uint64_t usec;

	if (!strcmp(c->name, "KernelWarnings"))
		return only_watchdogs(c->attempt)
			? oom_expect_standstill(c, 0, INT64_MAX, WATCHDOG_US)
			: NULL;
	/* systemd's clocks */
	if (c->unit && (!strcmp(observed, "timeout") || !strcmp(observed, "watchdog")))
		return oom_expect_standstill(c, 0, INT64_MAX, OOM_STANDSTILL_MIN_US);
	if (c->workload && c->workload->end != OOM_END_STUCK &&
		c->workload->end != OOM_END_SURVIVED)
		return NULL;
	/* a length of time: oom_expect_span() has heeded it */
	if (c->wanted->type == OOM_T_RANGE_DURATION && !oom_parse_duration(observed, &usec))
		return NULL;
	return time_taken(c);
}

void oom_expect_heed_standstill(const struct oom_expect_case *c, struct oom_expect_result *result)
{
	const char *why = result->verdict == OOM_FAIL ? chance_lost(c, result) : NULL;

	if (why)
		oom_expect_inconclusive(c, result, "%s", why);
}
