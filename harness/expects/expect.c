// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "harness/expects/precondition.h"

#include <errno.h>
#include <string.h>

const struct oom_expect *const oom_expects[] = {
#define EXPECT(ident) &oom_expect_##ident,
#include "harness/expects/expects.def"
#undef EXPECT
	NULL,
};

enum { N_EXPECTS = sizeof(oom_expects) / sizeof(*oom_expects) - 1 };

const struct oom_expect *oom_expect_of(const struct oom_key *key)
{
	for (const struct oom_expect *const *expect = oom_expects; *expect; expect++)
		if (&(*expect)->key == key)
			return *expect;
	return NULL;
}

const struct oom_expect_key *oom_expect_keys(void)
{
	static struct oom_expect_key keys[N_EXPECTS + 1]; /* .key NULL at the end */

	for (size_t i = 0; i < N_EXPECTS; i++)
		keys[i] = (struct oom_expect_key){&oom_expects[i]->key, oom_expects[i]->about};
	return keys;
}

/* What 100 % is for the case's subject: its unit's MemoryMax, else @machine_bytes. */
static uint64_t whole_of(const struct oom_expect_case *c, uint64_t machine_bytes)
{
	const struct oom_unit_rec *unit = c->unit;

	if (c->workload)
		unit = oom_attempt_unit(c->attempt, c->workload->scope);
	return unit && unit->memory_max_bytes > 0 ? (uint64_t)unit->memory_max_bytes
						  : machine_bytes;
}

static bool was_not_started(const struct oom_workload_rec *workload)
{
	return !workload || workload->end == OOM_END_NOT_STARTED;
}

/* Nothing can be said of it. Where its Start= may be absent, nothing is: it does not count. */
static void not_started(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_precondition_rec *start =
		oom_precondition_of_start(c->attempt, c->subject);

	ret->verdict = !start || !start->reason ? OOM_BROKEN
		: start->verdict == OOM_PASS	? OOM_SKIPPED
						: start->verdict;
	ret->reason = start && start->reason
		? start->reason
		: oom_arena_printf(c->arena, "'%s' was not started", c->subject);
}

static void judge_one(const struct oom_expect *expect, const struct oom_expect_case *c,
	const struct oom_section *section, struct oom_expect_result *ret)
{
	bool of_workload = section->about & OOM_ABOUT_WORKLOAD;

	if (of_workload && was_not_started(c->workload) && expect != &oom_expect_started) {
		not_started(c, ret);
	} else if (*c->subject && !of_workload && !c->unit) {
		ret->reason =
			oom_arena_printf(c->arena, "the record has nothing about '%s'", c->subject);
	} else {
		expect->judge(c, ret);
		oom_expect_heed_standstill(c, ret);
		oom_expect_heed_disputes(expect, c, ret);
	}
}

static int judge_setting(const struct oom_scenario *scenario, const struct oom_section *section,
	const struct oom_setting *setting, uint64_t machine_bytes, struct oom_attempt *attempt)
{
	const struct oom_expect *expect = oom_expect_of(setting->key);
	struct oom_expect_result result = {OOM_BROKEN, NULL, NULL};
	struct oom_expect_case c = {
		.attempt = attempt,
		.scenario = scenario,
		.wanted = &setting->value,
		.name = oom_arena_strdup(&attempt->arena, setting->name),
		.subject = oom_arena_strdup(&attempt->arena, section->name),
		.arena = &attempt->arena,
	};
	struct oom_expect_rec *rec;

	if (attempt->arena.failed)
		return -ENOMEM;
	if (section->about & OOM_ABOUT_WORKLOAD)
		c.workload = oom_attempt_workload(attempt, c.subject);
	if (section->about & OOM_ABOUT_UNIT)
		c.unit = oom_attempt_unit(attempt, c.subject);
	c.whole_bytes = whole_of(&c, machine_bytes);
	if (expect)
		judge_one(expect, &c, section, &result);
	else
		result.reason = "unknown expectation";
	rec = oom_attempt_add_expect(attempt);
	if (!rec)
		return -ENOMEM;
	rec->subject = c.subject;
	rec->key = c.name;
	rec->wanted = oom_arena_strdup(&attempt->arena, setting->value.text);
	rec->observed = result.observed;
	rec->verdict = result.verdict;
	rec->reason = result.reason;
	rec->line = setting->place.line;
	return attempt->arena.failed ? -ENOMEM : 0;
}

/* "hog ExitCode: wanted 137, observed 0: …" */
static const char *sentence_of(struct oom_arena *arena, const struct oom_expect_rec *rec)
{
	return oom_arena_printf(arena, "%s%s%s: wanted %s, observed %s%s%s", rec->subject,
		*rec->subject ? " " : "", rec->key, rec->wanted,
		rec->observed ? rec->observed : "nothing", rec->reason ? ": " : "",
		rec->reason ? rec->reason : "");
}

static void heed_known_issue(const struct oom_scenario *scenario, struct oom_attempt *attempt)
{
	const struct oom_section *section = oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL);
	const char *issue = section ? oom_section_text(section, "KnownIssue", NULL) : NULL;
	bool elsewhere = section && oom_section_get(section, "KnownOn") && attempt->known_on != 1;
	int64_t end_s;

	if (!issue || elsewhere || (attempt->verdict != OOM_FAIL && attempt->verdict != OOM_PASS))
		return;
	if (attempt->verdict == OOM_PASS) {
		attempt->reason = oom_arena_printf(
			&attempt->arena, "passes despite the known issue: %s", issue);
	} else if (oom_known_issue_end(issue, &end_s) < 0) {
		attempt->reason = oom_arena_printf(&attempt->arena,
			"%s (KnownIssue= has no date, so it does not count)", attempt->reason);
	} else if (attempt->start_realtime_us < 0 ||
		attempt->start_realtime_us / 1000000 >= end_s) {
		attempt->reason = oom_arena_printf(
			&attempt->arena, "%s (known issue, expired: %s)", attempt->reason, issue);
	} else {
		attempt->verdict = OOM_KNOWN;
		attempt->reason = oom_arena_printf(
			&attempt->arena, "%s (known issue: %s)", attempt->reason, issue);
	}
}

/* A workload that had to be ended is a failure unless the scenario says what becomes of it. */
static const char *stuck_unexpected(
	const struct oom_scenario *scenario, const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];
		const struct oom_section *expect =
			oom_scenario_section(scenario, OOM_SEC_EXPECT, w->name);

		if (w->end == OOM_END_STUCK && !(expect && oom_section_get(expect, "Survives")))
			return oom_arena_printf((struct oom_arena *)&attempt->arena,
				"'%s' had not ended at the deadline", w->name);
	}
	return NULL;
}

/* Of a workload that was not started: its precondition's, not one of its own. */
static bool is_of_precondition(
	const struct oom_attempt *attempt, const struct oom_expect_rec *expect)
{
	const struct oom_precondition_rec *start =
		oom_precondition_of_start(attempt, expect->subject);

	return start && start->reason && start->reason == expect->reason;
}

static void heed_stuck(
	const struct oom_scenario *scenario, const char *stuck, struct oom_attempt *attempt)
{
	const char *excuse = oom_expect_stuck_excuse(scenario, attempt);

	attempt->verdict = excuse ? OOM_INCONCLUSIVE : OOM_FAIL;
	attempt->reason =
		!excuse ? stuck : oom_arena_printf(&attempt->arena, "%s, but %s", stuck, excuse);
}

static void conclude_expects(const struct oom_scenario *scenario, struct oom_attempt *attempt)
{
	const char *stuck = stuck_unexpected(scenario, attempt);

	attempt->verdict = OOM_SKIPPED;
	attempt->reason = "";
	for (size_t i = 0; i < attempt->n_expects; i++)
		if (!is_of_precondition(attempt, &attempt->expects[i]) ||
			attempt->expects[i].verdict == OOM_SKIPPED)
			attempt->verdict =
				oom_verdict_worse(attempt->verdict, attempt->expects[i].verdict);
	for (size_t i = attempt->n_expects; i-- > 0 && attempt->verdict != OOM_PASS;)
		if (attempt->expects[i].verdict == attempt->verdict)
			attempt->reason = sentence_of(&attempt->arena, &attempt->expects[i]);
	if (stuck && attempt->verdict != OOM_FAIL && attempt->verdict != OOM_BROKEN)
		heed_stuck(scenario, stuck, attempt);
	if (!attempt->n_expects) {
		attempt->verdict = OOM_BROKEN;
		attempt->reason = "the scenario expects nothing: add an [Expect] section";
	}
}

/* What it relied on was not so: no pass then. What failed all the same has failed. */
static void heed_preconditions(struct oom_attempt *attempt)
{
	const char *reason = NULL;
	enum oom_verdict verdict = oom_preconditions_verdict(attempt, &reason);

	if (verdict == OOM_PASS || (verdict != OOM_FAIL && attempt->verdict == OOM_FAIL))
		return;
	if (verdict == OOM_FAIL || verdict == oom_verdict_worse(verdict, attempt->verdict)) {
		attempt->verdict = verdict;
		attempt->reason = reason;
	}
}

static int conclude(const struct oom_scenario *scenario, struct oom_attempt *attempt)
{
	conclude_expects(scenario, attempt);
	heed_preconditions(attempt);
	heed_known_issue(scenario, attempt);
	if (attempt->hindrance) {
		attempt->verdict = attempt->hindrance_skips ? OOM_SKIPPED : OOM_BROKEN;
		attempt->reason = attempt->hindrance;
	}
	return attempt->arena.failed ? -ENOMEM : 0;
}

int oom_expects_judge(
	const struct oom_scenario *scenario, uint64_t machine_bytes, struct oom_attempt *attempt)
{
	const struct oom_section *section = NULL;
	int r = oom_preconditions_judge(scenario, machine_bytes, attempt);

	if (r < 0)
		return r;
	attempt->expects = NULL;
	attempt->n_expects = 0;
	/* nothing can be asked of what was not even made ready */
	while ((!attempt->hindrance || attempt->n_workloads) &&
		(section = oom_scenario_next(scenario, OOM_SEC_EXPECT, section))) {
		for (size_t i = 0; i < section->n_settings; i++) {
			r = section->settings[i].is_default
				? 0
				: judge_setting(scenario, section, &section->settings[i],
					  machine_bytes, attempt);

			if (r < 0)
				return r;
		}
	}
	return conclude(scenario, attempt);
}
