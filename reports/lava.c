// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/report.h"
#include "reports/view.h"

#include "lib/base/cleanup.h"

#include <inttypes.h>
#include <string.h>

/*
 * Signals that a LAVA dispatcher reads off a console. A machine is a test set, where there are
 * several; an attempt is a test case, with its time; so is each of its expectations. What is
 * neither pass, fail nor skip is "unknown".
 */

/* Ids are words of URLs: everything but [A-Za-z0-9_-] and the '.' between their parts is '_'. */
static void id_put(FILE *out, const char *text)
{
	for (const char *c = text ?: ""; *c; c++) {
		if (*c == '/')
			fputc('.', out);
		else
			fputc(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345678"
				     "9_-.",
				      *c)
					? *c
					: '_',
				out);
	}
}

static const char *result_word(enum oom_verdict verdict)
{
	switch (verdict) {
	case OOM_PASS:
		return "pass";
	case OOM_FAIL:
	case OOM_KNOWN: /* LAVA has a list of known issues of its own */
		return "fail";
	case OOM_SKIPPED:
		return "skip";
	default:
		return "unknown";
	}
}

static void case_begin(const struct oom_view *view, const struct oom_attempt *attempt, FILE *out)
{
	fputs("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=", out);
	id_put(out, attempt->scenario);
	if (view->repeats)
		fprintf(out, ".%" PRId64, attempt->attempt);
}

static void attempt_write(const struct oom_view *view, const struct oom_attempt *attempt, FILE *out)
{
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];

		case_begin(view, attempt, out);
		fputc('.', out);
		id_put(out, e->subject && *e->subject ? e->subject : "run");
		fputc('.', out);
		id_put(out, e->key);
		fprintf(out, " RESULT=%s>\n", result_word(e->verdict));
	}
	case_begin(view, attempt, out);
	fprintf(out, " RESULT=%s", result_word(attempt->verdict));
	if (attempt->duration_us >= 0)
		fprintf(out, " UNITS=seconds MEASUREMENT=%" PRId64 ".%06" PRId64,
			attempt->duration_us / 1000000, attempt->duration_us % 1000000);
	fputs(">\n", out);
}

static int write_lava(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	oom_cleanup(oom_view_release) struct oom_view view;
	int r = oom_view_build(run, &view);

	(void)options; /* plain ASCII in any case */
	if (r < 0)
		return r;
	for (size_t m = 0; m < view.n_machines; m++) {
		if (view.n_machines > 1) {
			fputs("<LAVA_SIGNAL_TESTSET START ", out);
			id_put(out, view.machines[m]);
			fputs(">\n", out);
		}
		for (size_t i = 0; i < view.n_rows; i++) {
			const struct oom_view_cell *cell = &view.rows[i].cells[m];

			for (size_t a = 0; a < cell->n_attempts; a++) {
				oom_borrow const struct oom_attempt *attempt = NULL;

				r = oom_run_attempt(run, cell->attempts[a], &attempt);
				if (r < 0)
					return r;
				attempt_write(&view, attempt, out);
			}
		}
		if (view.n_machines > 1)
			fputs("<LAVA_SIGNAL_TESTSET STOP>\n", out);
	}
	return 0;
}

const struct oom_report oom_report_lava = {
	.name = "lava",
	.help = "LAVA_SIGNAL lines for the console of a LAVA job",
	.write = write_lava,
};
