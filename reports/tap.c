// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "lib/base/format.h"
#include "reports/report.h"
#include "reports/view.h"

#include <errno.h>

/*
 * KTAP version 1 (Documentation/dev-tools/ktap.rst): an attempt is a test, its expectations are its
 * subtests, two blanks deeper. A name may hold no '#': the directive begins there.
 *
 *   pass          ok
 *   fail          not ok
 *   known         ok … # XFAIL, as kselftest prints it; its expectations likewise
 *   skipped       ok … # SKIP
 *   broken, inconclusive
 *                 not ok … # ERROR: no evidence is no pass
 */

static const char *map_name(char c)
{
	return c == '#' ? "\\x23" : NULL;
}

/* " # DIRECTIVE reason" where the verdict has one */
static void directive_write(enum oom_verdict verdict, const char *reason, bool utf8, FILE *out)
{
	const char *directive = NULL, *why = "";

	switch (verdict) {
	case OOM_SKIPPED:
		directive = "SKIP";
		break;
	case OOM_KNOWN:
		directive = "XFAIL";
		break;
	case OOM_BROKEN:
		directive = "ERROR", why = " broken";
		break;
	case OOM_INCONCLUSIVE:
		directive = "ERROR", why = " inconclusive";
		break;
	default:
		return;
	}
	fprintf(out, " # %s%s", directive, why);
	if (reason && *reason) {
		fputs(*why ? ": " : " ", out);
		oom_escape_put(out, reason, utf8, NULL);
	}
}

static bool is_ok(enum oom_verdict verdict)
{
	return verdict == OOM_PASS || verdict == OOM_SKIPPED || verdict == OOM_KNOWN;
}

static int expect_write(struct oom_view *view, const struct oom_attempt *attempt, size_t index,
	bool utf8, FILE *out)
{
	const struct oom_expect_rec *e = &attempt->expects[index];
	enum oom_verdict verdict = e->verdict;
	const char *subject = oom_view_subject(&view->scratch, e);

	if (!subject)
		return -ENOMEM;
	/* a test fails when a subtest does: what is excused above is excused here */
	if (attempt->verdict == OOM_KNOWN && !is_ok(verdict))
		verdict = OOM_KNOWN;
	if (verdict != OOM_PASS) {
		fputs("  # observed ", out);
		oom_escape_put(out, e->observed ?: "nothing", utf8, NULL);
		if (e->reason && *e->reason) {
			fputs(": ", out);
			oom_escape_put(out, e->reason, utf8, NULL);
		}
		fputc('\n', out);
	}
	fprintf(out, "  %s %zu ", is_ok(verdict) ? "ok" : "not ok", index + 1);
	oom_escape_put(out, subject, utf8, map_name);
	fputc('=', out);
	oom_escape_put(out, e->wanted ?: "?", utf8, map_name);
	directive_write(verdict, NULL, utf8, out);
	fputc('\n', out);
	return 0;
}

static void notes_write(const char *const *texts, size_t n, const char *what, bool utf8, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "# %s: ", what);
		oom_escape_put(out, texts[i], utf8, NULL);
		fputc('\n', out);
	}
}

/* What a person wants to know who reads the log of a CI job: before the result line, as KTAP asks.
 */
static int diagnostics_write(
	struct oom_view *view, const struct oom_attempt *attempt, bool utf8, FILE *out)
{
	const char *fates = oom_view_fates(&view->scratch, attempt, utf8 ? " · " : "; ");
	char buf[24];

	if (!fates)
		return -ENOMEM;
	if (*fates) {
		fputs("# ", out);
		oom_escape_put(out, fates, utf8, NULL);
		if (attempt->duration_us >= 0)
			fprintf(out, " (%s)",
				oom_format_duration((uint64_t)attempt->duration_us, buf));
		fputc('\n', out);
	}
	if (attempt->verdict == OOM_FAIL && attempt->reason && *attempt->reason)
		notes_write(&attempt->reason, 1, "reason", utf8, out);
	notes_write(attempt->disagreements, attempt->n_disagreements, "disagreement", utf8, out);
	notes_write(attempt->warnings, attempt->n_warnings, "kernel warning", utf8, out);
	for (size_t i = 0; i < attempt->n_sources; i++) {
		const struct oom_source_rec *s = &attempt->sources[i];

		if (s->state != OOM_SOURCE_LOST)
			continue;
		fputs("# lost: ", out);
		oom_escape_put(out, s->name, utf8, NULL);
		fputs(s->note ? ": " : "", out);
		oom_escape_put(out, s->note, utf8, NULL);
		fputc('\n', out);
	}
	if (!is_ok(attempt->verdict) && attempt->evidence_dir)
		notes_write(&attempt->evidence_dir, 1, "evidence", utf8, out);
	return 0;
}

static int attempt_write(struct oom_view *view, const struct oom_attempt *attempt, size_t number,
	bool utf8, FILE *out)
{
	const char *name = oom_view_name(&view->scratch, view, attempt);

	if (!name)
		return -ENOMEM;
	if (attempt->n_expects && attempt->verdict != OOM_SKIPPED) {
		fprintf(out, "  KTAP version 1\n  1..%zu\n", attempt->n_expects);
		for (size_t i = 0; i < attempt->n_expects; i++) {
			if (expect_write(view, attempt, i, utf8, out) < 0)
				return -ENOMEM;
		}
	}
	if (diagnostics_write(view, attempt, utf8, out) < 0)
		return -ENOMEM;
	fprintf(out, "%s %zu ", is_ok(attempt->verdict) ? "ok" : "not ok", number);
	oom_escape_put(out, name, utf8, map_name);
	directive_write(attempt->verdict, attempt->reason, utf8, out);
	fputc('\n', out);
	return 0;
}

static int write_tap(const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	oom_cleanup(oom_view_release) struct oom_view view;
	int r = oom_view_build(run, &view);

	if (r < 0)
		return r;
	fputs("KTAP version 1\n", out);
	fprintf(out, "1..%zu\n", run->n_attempts);
	if (run->interrupted)
		fputs("# interrupted: the run is not complete\n", out);
	for (size_t i = 0; i < run->n_attempts; i++) {
		oom_borrow const struct oom_attempt *attempt = NULL;

		r = oom_run_attempt(run, i, &attempt);
		if (r == 0)
			r = attempt_write(&view, attempt, i + 1, options->utf8, out);
		if (r < 0)
			return r;
		oom_arena_reset(&view.scratch);
	}
	return 0;
}

const struct oom_report oom_report_tap = {
	.name = "tap",
	.help = "KTAP version 1: a test for each scenario, a subtest for each expectation",
	.write = write_tap,
};
