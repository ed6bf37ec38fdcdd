// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

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

static void judge_one(const struct oom_expect *expect, const struct oom_expect_case *c,
	const struct oom_section *section, struct oom_expect_result *ret)
{
	bool of_workload = section->about & OOM_ABOUT_WORKLOAD;

	if (of_workload && (!c->workload || c->workload->end == OOM_END_NOT_STARTED)) {
		ret->reason = oom_arena_printf(c->arena, "'%s' was not started", c->subject);
	} else if (*c->subject && !of_workload && !c->unit) {
		ret->reason =
			oom_arena_printf(c->arena, "the record has nothing about '%s'", c->subject);
	} else {
		expect->judge(c, ret);
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

static int conclude(const struct oom_scenario *scenario, struct oom_attempt *attempt)
{
	attempt->verdict = OOM_SKIPPED;
	attempt->reason = "";
	for (size_t i = 0; i < attempt->n_expects; i++)
		attempt->verdict = oom_verdict_worse(attempt->verdict, attempt->expects[i].verdict);
	if (!attempt->n_expects) {
		attempt->verdict = OOM_BROKEN;
		attempt->reason = "the scenario expects nothing: add an [Expect] section";
	}
	for (size_t i = attempt->n_expects; i-- > 0 && attempt->verdict != OOM_PASS;)
		if (attempt->expects[i].verdict == attempt->verdict)
			attempt->reason = sentence_of(&attempt->arena, &attempt->expects[i]);
	heed_known_issue(scenario, attempt);
	return attempt->arena.failed ? -ENOMEM : 0;
}

int oom_expects_judge(
	const struct oom_scenario *scenario, uint64_t machine_bytes, struct oom_attempt *attempt)
{
	const struct oom_section *section = NULL;

	attempt->expects = NULL;
	attempt->n_expects = 0;
	while ((section = oom_scenario_next(scenario, OOM_SEC_EXPECT, section))) {
		for (size_t i = 0; i < section->n_settings; i++) {
			int r = section->settings[i].is_default
				? 0
				: judge_setting(scenario, section, &section->settings[i],
					  machine_bytes, attempt);

			if (r < 0)
				return r;
		}
	}
	return conclude(scenario, attempt);
}
