// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text report: what is left out, what is not. */
#include "lib/base/cleanup.h"
#include "reports/report.h"
#include "tests/support/report_check.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *render(const struct oom_run *run, bool only_bad)
{
	static char text[65536];
	struct oom_report_options options = {.utf8 = true, .run_dir = "out", .only_bad = only_bad};
	oom_autofree char *whole = report_render(run, "text", &options);

	snprintf(text, sizeof(text), "%s", whole);
	return text;
}

/* ---- a known issue ------------------------------------------------------------------------------- */

#define EXPIRED "(known issue, expired: bug 7, until 2026-01-31)"

/* "hog KilledBy: wanted kernel-memcg, observed nobody" and what stands behind it */
static void fail_with(struct oom_attempt *attempt, const char *reason, const char *behind)
{
	attempt->verdict = OOM_FAIL;
	attempt->n_expects = 0;
	*oom_attempt_add_expect(attempt) = (struct oom_expect_rec){.subject = "hog",
		.key = "KilledBy",
		.wanted = "kernel-memcg",
		.observed = "nobody",
		.verdict = OOM_FAIL,
		.reason = reason};
	attempt->reason = oom_arena_printf(&attempt->arena,
		"hog KilledBy: wanted kernel-memcg, observed nobody%s%s%s", reason ? ": " : "",
		reason ? reason : "", behind);
}

/* How often each is said: the line of the expectation says all of a reason but what is behind it. */
Test(text, an_expired_issue_is_told)
{
	static const struct {
		const char *reason, *behind;
		bool told;
	} rows[] = {
		{NULL, "", false},
		{"nothing killed it", "", false},
		{NULL, " " EXPIRED, true},
		{"nothing killed it", " " EXPIRED, true},
		{NULL, " (KnownIssue= has no date, so it does not count)", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_run *run = report_run_make("flat");
		const char *at;

		fail_with(run->entries[0].attempt, rows[i].reason, rows[i].behind);
		at = strstr(render(run, false), "\n  reason    ");
		cr_expect_eq(at != NULL, rows[i].told, "row %zu", i);
		cr_expect(!at || strstr(at, rows[i].behind), "row %zu: %s", i, at);
		oom_run_free(run);
	}
}

Test(text, a_pass_in_spite_of_a_known_issue_is_told)
{
	struct oom_run *run = report_run_make("matrix");
	struct oom_attempt *attempt = run->entries[0].attempt;

	cr_expect(!strstr(render(run, false), "in spite of"));
	for (size_t i = 0; i < 3; i++)
		run->entries[i].attempt->reason = "passes in spite of the known issue: bug 7";
	/* of three attempts that say the same, one */
	cr_expect(
		strstr(render(run, false), "reason    passes in spite of the known issue: bug 7"));
	cr_expect(!strstr(strstr(render(run, false), "in spite of") + 1, "in spite of"));
	attempt->verdict = OOM_KNOWN;
	attempt->reason = "observed nobody (known issue: bug 7)";
	cr_expect(strstr(render(run, false), "reason    observed nobody (known issue: bug 7)"));
	oom_run_free(run);
}

/* ---- --quiet --------------------------------------------------------------------------------------- */

Test(text, only_what_is_not_a_pass_is_listed)
{
	static const char *const passed[] = {"anon-over-cap", "alone"};
	static const char *const others[] = {
		"neighbour-dies", "no-scope", "in-use", "log-storm", "children"};
	struct oom_run *run = report_run_make("verdicts");
	const char *text = render(run, true);
	size_t table = (size_t)(strstr(text, "\n\nfail") - text);
	char head[4096];

	snprintf(head, sizeof(head), "%.*s", (int)table, text);
	for (size_t i = 0; i < 2; i++)
		cr_expect(!strstr(head, passed[i]), "'%s' in: %s", passed[i], head);
	for (size_t i = 0; i < 5; i++)
		cr_expect(strstr(head, others[i]), "no '%s' in: %s", others[i], head);
	cr_expect(strstr(text, "2 pass · 1 fail"), "the summary stays: %s", text);
	oom_run_free(run);
}

Test(text, a_matrix_lists_what_is_not_a_pass_everywhere)
{
	struct oom_run *run = report_run_make("matrix");
	const char *text = render(run, true);

	cr_expect(!strstr(text, "memcg/anon-over-cap"), "%s", text);
	cr_expect(strstr(text, "memcg/mlock") && strstr(text, "swap/in-use"), "%s", text);
	oom_run_free(run);
}

Test(text, where_all_pass_the_summary_is_left)
{
	struct oom_run *run = report_run_make("flat");
	const char *text = render(run, true);

	cr_expect(!strstr(text, "another") && !strstr(text, "\n\n\n"), "%s", text);
	cr_expect(strstr(text, "2 pass in 1min 12s\n"), "%s", text);
	oom_run_free(run);
}

/* ---- a run that was cut off ------------------------------------------------------------------------ */

Test(text, what_was_not_run_is_counted)
{
	static const struct {
		int64_t planned;
		bool interrupted;
		const char *last, *no;
	} rows[] = {
		{12, true, "2 pass in 1min 12s, 10 not run: --resume goes on\n", "is not complete"},
		{12, false, "2 pass in 1min 12s, 10 not run: --resume goes on\n", "interrupted"},
		{2, false, "2 pass in 1min 12s\n", "not run"},
		{-1, false, "2 pass in 1min 12s\n", "not run"},
		/* of an older version */
		{-1, true, "interrupted: the run is not complete\n", "not run"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_run *run = report_run_make("flat");
		const char *text;

		run->planned = rows[i].planned;
		run->interrupted = rows[i].interrupted;
		text = render(run, false);
		cr_expect(strstr(text, rows[i].last), "row %zu: %s", i, text);
		cr_expect(!strstr(text, rows[i].no), "row %zu: %s", i, text);
		oom_run_free(run);
	}
}

Test(text, a_run_without_an_attempt_is_one_sentence)
{
	struct oom_run *run = report_run_make("empty");

	run->interrupted = true;
	run->duration_us = 7000000;
	run->planned = 13;
	cr_expect_str_eq(render(run, false),
		"interrupted after 7s, none of 13 attempts has ended: --resume --output out goes on\n");
	run->planned = -1;
	cr_expect_str_eq(render(run, false),
		"interrupted after 7s, no attempt has ended: --resume --output out goes on\n");
	oom_run_free(run);
}

Test(text, the_record_is_named_once)
{
	struct oom_run *run = report_run_make("flat");
	const char *at = strstr(render(run, false), "record");

	cr_assert(at);
	cr_expect(!strstr(at + 1, "record"));
	oom_run_free(run);
}
