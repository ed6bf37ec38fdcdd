// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- the tables ---- */
Test(expect_judge, every_expectation_is_complete_and_found)
{
	const struct oom_expect_key *keys = oom_expect_keys();
	size_t n = 0;

	for (; oom_expects[n]; n++) {
		const struct oom_expect *expect = oom_expects[n];

		cr_expect(expect->key.name && expect->key.help && *expect->key.help &&
				expect->judge && expect->about,
			"entry %zu", n);
		cr_expect(keys[n].key == &expect->key && keys[n].about == expect->about, "%s",
			expect->key.name);
		cr_expect(oom_expect_of(&expect->key) == expect, "%s", expect->key.name);
		for (size_t i = 0; i < n; i++)
			cr_expect(strcmp(oom_expects[i]->key.name, expect->key.name),
				"'%s' is there twice", expect->key.name);
	}
	cr_expect_null(keys[n].key);
	cr_expect_null(oom_expect_of(&(struct oom_key){.name = "OOMKills"}));
}

/* ---- verdicts are combined ---- */
static enum oom_verdict judge_all(
	struct oom_attempt *attempt, const char *issue, const char *kills, const char *exit_code)
{
	struct oom_scenario *scenario = judge_scenario(OOM_ABOUT_RUN, "", "OOMKills", kills);

	if (exit_code)
		judge_scenario_expect(scenario, OOM_ABOUT_WORKLOAD, "hog", "ExitCode", exit_code);
	if (issue)
		judge_scenario_known_issue(scenario, issue);
	cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
	judge_scenario_free(scenario); /* the record keeps what it needs */
	return attempt->verdict;
}

Test(expect_judge, the_worst_verdict_is_the_attempts)
{
	struct oom_attempt *attempt = judge_sample();

	cr_expect_eq(judge_all(attempt, NULL, "1", "137"), OOM_PASS);
	cr_expect_str_eq(attempt->reason, "");
	cr_expect_eq(attempt->n_expects, 2);
	cr_expect_str_eq(attempt->expects[1].subject, "hog");
	cr_expect_str_eq(attempt->expects[1].key, "ExitCode");
	cr_expect_str_eq(attempt->expects[1].wanted, "137");

	cr_expect_eq(judge_all(attempt, NULL, "1", "0"), OOM_FAIL);
	cr_expect_str_eq(attempt->reason, "hog ExitCode: wanted 0, observed 137");
	cr_expect_eq(attempt->n_expects, 2, "judging again starts anew");

	judge_lose_all(attempt);
	cr_expect_eq(judge_all(attempt, NULL, "1", "137"), OOM_INCONCLUSIVE);
	cr_expect_str_eq(attempt->reason,
		"OOMKills: wanted 1, observed 1..: kmsg lost 812 records (between 1200 and 2013), "
		"and mark_victim is absent (no tracefs)");
	cr_expect_eq(judge_all(attempt, NULL, "1", "0"), OOM_FAIL);
	cr_expect_str_eq(attempt->reason, "hog ExitCode: wanted 0, observed 137");

	attempt->workloads[0].end = OOM_END_NOT_STARTED;
	cr_expect_eq(judge_all(attempt, NULL, "0", "0"), OOM_BROKEN);
	cr_expect_str_eq(
		attempt->reason, "hog ExitCode: wanted 0, observed nothing: 'hog' was not started");
	oom_attempt_free(attempt);
}

Test(expect_judge, expecting_nothing_is_no_pass)
{
	struct oom_attempt *attempt = judge_sample();
	struct oom_scenario scenario = {.id = "empty"};

	cr_assert_eq(oom_expects_judge(&scenario, 1 << 30, attempt), 0);
	cr_expect_eq(attempt->verdict, OOM_BROKEN);
	cr_expect(strstr(attempt->reason, "expects nothing"));
	oom_attempt_free(attempt);
}

/* ---- from a file ---- */
static struct oom_scenario *parse(const char *text, struct oom_diags *diags)
{
	static const struct oom_key size_keys[] = {
		{"Size", OOM_T_SIZE, NULL, "how much", 0, 0, NULL, 0}, {0}};
	static const struct oom_kind anon = {"anon", "presses", size_keys};
	static const struct oom_kind service = {"service", "stands by", size_keys};
	static const struct oom_kind *const workloads[] = {&anon, &service, NULL};
	static const struct oom_kind *const faults[] = {NULL};
	static const char *const needs[] = {NULL};
	static const struct oom_key unit_keys[] = {
		{"MemoryMax", OOM_T_SIZE, NULL, "limit", 0, 0, NULL, 0}, {0}};
	struct oom_schema schema = {.workloads = workloads,
		.faults = faults,
		.needs = needs,
		.expects = oom_expect_keys(),
		.unit_keys = unit_keys};
	struct oom_scenario *scenario = NULL;

	oom_scenario_parse(
		&schema, "over-cap", "over-cap.scenario", text, strlen(text), diags, &scenario);
	return scenario;
}

#define BOX                                                                                        \
	"# A hog in a scope of 200M\n"                                                             \
	"[Scope box]\nMemoryMax=200M\n"                                                            \
	"[Workload hog]\nType=anon\nSize=400M\n"                                                   \
	"[Workload neighbour]\nType=service\nSize=16M\n"

Test(expect_judge, a_file_is_read_and_judged)
{
	static const char text[] =
		BOX "[Expect]\nOOMKills=1\nVictim=hog|neighbour hog\nConstraint=memcg|none\n"
		    "PredictedVictim=yes\nLogComplete=yes\n"
		    "[Expect hog]\nExitCode=137\nKilledBy=kernel-memcg\nAnonRSS=95%..100%\n"
		    "Signal=SIGKILL\nErrno=none|ENOMEM\nOOMScoreAdjust=-1..1\n"
		    "[Expect neighbour]\nSurvives=yes\nLatencyP99=..1ms\n"
		    "[Expect box]\nResult=oom-kill|signal\nEvent.oom_kill=1\nMemoryPeak=..200M\n";
	struct oom_diags diags = {0};
	struct oom_scenario *scenario = parse(text, &diags);
	struct oom_attempt *attempt = judge_sample();

	cr_assert_not_null(scenario, "%u: %s", diags.items[0].place.line, diags.items[0].msg);
	judge_add_kill(attempt, "hog", 51);
	cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
	cr_assert_eq(attempt->n_expects, 16);
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *rec = &attempt->expects[i];
		bool wrong = !strcmp(rec->key, "OOMKills") || !strcmp(rec->key, "LatencyP99");

		cr_expect_eq(rec->verdict, wrong ? OOM_FAIL : OOM_PASS, "%s: %s %s", rec->key,
			rec->observed, rec->reason);
	}
	cr_expect_str_eq(attempt->reason, "OOMKills: wanted 1, observed 2");
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
	oom_attempt_free(attempt);
}

Test(expect_judge, a_wrong_value_is_a_mistake_of_the_file)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		{"[Expect]\nVictim=hog|neighbor", "did you mean 'neighbour'"},
		{"[Expect]\nVictim=hog ghost", "no workload 'ghost'"},
		{"[Expect]\nConstraint=global", "'global'"},
		{"[Expect hog]\nKilledBy=oom", "'oom'"},
		{"[Expect hog]\nSignal=kill", "did you mean 'SIGKILL'"},
		{"[Expect hog]\nSignal=KILL", NULL},
		{"[Expect hog]\nErrno=ENOMEN", "did you mean 'ENOMEM'"},
		{"[Expect hog]\nResult=success", "Result"},
		{"[Expect]\nVictim=nobody", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_diags diags = {0};
		char text[512];
		struct oom_scenario *scenario;

		snprintf(text, sizeof(text), "%s%s\n", BOX, rows[i].line);
		scenario = parse(text, &diags);
		cr_expect(!scenario == !!rows[i].message, "%s", rows[i].line);
		cr_expect(!rows[i].message ||
				(diags.count == 1 && strstr(diags.items[0].msg, rows[i].message)),
			"%s: %s", rows[i].line, diags.count ? diags.items[0].msg : "-");
		oom_scenario_free(scenario);
		oom_diags_release(&diags);
	}
}

/* ---- KnownIssue= ---- */
/* The sample ran on 2027-01-15. */
Test(expect_judge, known_issue)
{
	static const struct {
		const char *issue, *kills;
		enum oom_verdict verdict;
		const char *reason;
	} rows[] = {
		{"bug 7, until 2027-01-31", "0", OOM_KNOWN,
			"(known issue: bug 7, until 2027-01-31)"},
		{"bug 7 until 2027-01-15", "0", OOM_KNOWN, "(known issue: "},
		{"bug 7, until 2027-01-14", "0", OOM_FAIL, "(known issue, expired: "},
		{"bug 7", "0", OOM_FAIL, "has no date"},
		{"bug 7 until 2027-02-30", "0", OOM_FAIL, "has no date"},
		{"bug 7, until 2027-01-31", "1", OOM_PASS, "passes despite the known issue"},
		{"bug 7, until 2026-01-31", "1", OOM_PASS, "passes despite the known issue"},
		{NULL, "0", OOM_FAIL, "wanted 0, observed 1"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = judge_sample();

		cr_expect_eq(judge_all(attempt, rows[i].issue, rows[i].kills, NULL),
			rows[i].verdict, "row %zu: %s", i, oom_verdict_name(attempt->verdict));
		cr_expect(strstr(attempt->reason, rows[i].reason), "row %zu: '%s'", i,
			attempt->reason);
		oom_attempt_free(attempt);
	}
}

Test(expect_judge, a_known_issue_of_some_machines)
{
	static const struct {
		int64_t known_on;
		enum oom_verdict verdict;
	} rows[] = {{1, OOM_KNOWN}, {0, OOM_FAIL}, {-1, OOM_FAIL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = judge_sample();
		struct oom_scenario *scenario = judge_scenario(OOM_ABOUT_RUN, "", "OOMKills", "0");

		judge_scenario_known_issue(scenario, "bug 7 until 2027-01-31");
		judge_scenario_known_on(scenario, "kernel>=7.0");
		attempt->known_on = rows[i].known_on;
		cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
		cr_expect_eq(attempt->verdict, rows[i].verdict, "row %zu", i);
		judge_scenario_free(scenario);
		oom_attempt_free(attempt);
	}
}

Test(expect_judge, a_known_issue_excuses_failures_only)
{
	struct oom_attempt *attempt = judge_sample();

	judge_lose_all(attempt);
	cr_expect_eq(judge_all(attempt, "bug 7 until 2027-01-31", "1", NULL), OOM_INCONCLUSIVE);
	attempt->start_realtime_us = -1; /* when did it run? */
	cr_expect_eq(judge_all(attempt, "bug 7 until 2027-01-31", "0", NULL), OOM_FAIL);
	oom_attempt_free(attempt);
}

/* What was no experiment is no pass and no fail, whatever its record has. */
Test(expect_judge, a_hindrance_is_the_verdict)
{
	static const struct {
		const char *hindrance;
		bool skips, has_workloads;
		const char *wanted; /* kills; there is one */
		enum oom_verdict verdict;
		size_t n_expects;
	} rows[] = {
		{NULL, false, true, "1", OOM_PASS, 1},
		{NULL, false, true, "2", OOM_FAIL, 1},
		{"no such program", false, true, "1", OOM_BROKEN, 1},
		{"no such program", false, true, "2", OOM_BROKEN, 1},
		{"no such program", false, false, "1", OOM_BROKEN, 0},
		{"needs numa", true, false, "1", OOM_SKIPPED, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = judge_sample();
		struct oom_scenario *scenario =
			judge_scenario(OOM_ABOUT_RUN, "", "OOMKills", rows[i].wanted);

		attempt->hindrance = rows[i].hindrance;
		attempt->hindrance_skips = rows[i].skips;
		if (!rows[i].has_workloads)
			attempt->n_workloads = 0;
		cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
		cr_expect_eq(attempt->verdict, rows[i].verdict, "row %zu: %s", i, attempt->reason);
		cr_expect_eq(attempt->n_expects, rows[i].n_expects, "row %zu", i);
		if (rows[i].hindrance)
			cr_expect_str_eq(attempt->reason, rows[i].hindrance);
		judge_scenario_free(scenario);
		oom_attempt_free(attempt);
	}
}
