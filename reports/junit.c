// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/escape.h"
#include "reports/report.h"
#include "reports/view.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/*
 * JUnit's XML as Jenkins, GitLab and their like read it: a suite for each machine and topic, a case
 * for each attempt. Broken and inconclusive are errors, a known failure is skipped with its reason.
 */
struct junit {
	struct oom_view view;
	const struct oom_run *run;
	bool utf8;
	FILE *out;
};

struct sum {
	size_t tests, failures, errors, skipped;
	int64_t duration_us;
};

static void attribute(const struct junit *j, const char *name, const char *value)
{
	fprintf(j->out, " %s=\"", name);
	oom_escape_xml(j->out, value, j->utf8);
	fputc('"', j->out);
}

static void time_attribute(const struct junit *j, int64_t usec)
{
	if (usec >= 0)
		fprintf(j->out, " time=\"%" PRId64 ".%03" PRId64 "\"", usec / 1000000,
			usec % 1000000 / 1000);
}

static void sum_add(struct sum *sum, const struct oom_run *run, size_t attempt)
{
	const struct oom_entry entry = oom_run_entry(run, attempt);

	sum->tests++;
	sum->failures += entry.verdict == OOM_FAIL;
	sum->errors += entry.verdict == OOM_BROKEN || entry.verdict == OOM_INCONCLUSIVE;
	sum->skipped += entry.verdict == OOM_SKIPPED || entry.verdict == OOM_KNOWN;
	oom_view_add_us(&sum->duration_us, entry.duration_us);
}

static void sum_write(const struct junit *j, const struct sum *sum)
{
	fprintf(j->out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		sum->tests, sum->failures, sum->errors, sum->skipped);
	time_attribute(j, sum->duration_us);
}

/* The element that says how a case ended, with each expectation that did not hold. */
static int outcome_write(struct junit *j, const struct oom_attempt *attempt)
{
	bool skipped = attempt->verdict == OOM_SKIPPED || attempt->verdict == OOM_KNOWN;
	const char *element = skipped	       ? "skipped"
		: attempt->verdict == OOM_FAIL ? "failure"
					       : "error";
	const char *reason = oom_view_reason(&j->view.scratch, attempt);

	if (attempt->verdict == OOM_PASS)
		return 0;
	if (!reason)
		return -ENOMEM;
	fprintf(j->out, "      <%s", element);
	if (!skipped)
		attribute(j, "type", oom_verdict_name(attempt->verdict));
	attribute(j, "message", reason);
	fputc('>', j->out);
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];
		const char *subject = oom_view_subject(&j->view.scratch, e);

		if (e->verdict == OOM_PASS)
			continue;
		if (!subject)
			return -ENOMEM;
		oom_escape_xml(j->out, subject, j->utf8);
		fputs(" wanted ", j->out);
		oom_escape_xml(j->out, e->wanted ?: "?", j->utf8);
		fputs(", observed ", j->out);
		oom_escape_xml(j->out, e->observed ?: "nothing", j->utf8);
		if (e->reason && *e->reason) {
			fputs(": ", j->out);
			oom_escape_xml(j->out, e->reason, j->utf8);
		}
		fputc('\n', j->out);
	}
	fprintf(j->out, "</%s>\n", element);
	return 0;
}

static void lines_write(const struct junit *j, const char *what, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(j->out, "\n%s: ", what);
		oom_escape_xml(j->out, texts[i], j->utf8);
	}
}

static int case_write(
	struct junit *j, const struct oom_view_row *row, uint32_t index, const char *class_name)
{
	oom_borrow const struct oom_attempt *attempt = NULL;
	int r = oom_run_attempt(j->run, index, &attempt);
	const char *fates = r < 0 ? NULL : oom_view_fates(&j->view.scratch, attempt, "; ");

	if (!fates)
		return r < 0 ? r : -ENOMEM;
	fputs("    <testcase", j->out);
	attribute(j, "classname", class_name);
	fputs(" name=\"", j->out);
	oom_escape_xml(j->out, row->leaf, j->utf8);
	if (j->view.repeats)
		fprintf(j->out, " attempt %" PRId64, attempt->attempt);
	fprintf(j->out, "\" assertions=\"%zu\"", attempt->n_expects);
	time_attribute(j, attempt->duration_us);
	fputs(">\n", j->out);
	if (outcome_write(j, attempt) < 0)
		return -ENOMEM;
	fputs("      <system-out>", j->out);
	oom_escape_xml(j->out, *fates ? fates : "no workload was started", j->utf8);
	lines_write(j, "disagreement", attempt->disagreements, attempt->n_disagreements);
	lines_write(j, "kernel warning", attempt->warnings, attempt->n_warnings);
	if (attempt->evidence_dir)
		lines_write(j, "evidence", &attempt->evidence_dir, 1);
	fputs("</system-out>\n    </testcase>\n", j->out);
	oom_arena_reset(&j->view.scratch);
	return 0;
}

static void properties_write(const struct junit *j, const char *machine)
{
	for (size_t i = 0; i < j->run->n_machines; i++) {
		const struct oom_machine_rec *m = &j->run->machines[i];
		const struct {
			const char *name, *value;
		} rows[] = {{"kernel", m->kernel}, {"systemd", m->systemd}, {"accel", m->accel},
			{"backend", m->backend}, {"config", m->config}};

		if (strcmp(m->id ?: "", machine) != 0)
			continue;
		fputs("    <properties>\n", j->out);
		for (size_t p = 0; p < sizeof(rows) / sizeof(rows[0]); p++) {
			if (!rows[p].value)
				continue;
			fputs("      <property", j->out);
			attribute(j, "name", rows[p].name);
			attribute(j, "value", rows[p].value);
			fputs("/>\n", j->out);
		}
		fputs("    </properties>\n", j->out);
		return;
	}
}

/* The rows from @first on that have its topic, on machine @m; *@ret_next is the first of another.
 */
static int suite_write(struct junit *j, size_t m, size_t first, size_t *ret_next)
{
	const struct oom_view *view = &j->view;
	const char *topic = view->rows[first].topic, *machine = view->machines[m];
	const char *class_name = *topic ? topic : "scenarios";
	time_t start = j->run->start_realtime_us / 1000000;
	struct sum sum = {0};
	char timestamp[32];
	size_t end = first;
	struct tm tm;

	for (; end < view->n_rows && !strcmp(view->rows[end].topic, topic); end++) {
		for (size_t i = 0; i < view->rows[end].cells[m].n_attempts; i++)
			sum_add(&sum, j->run, view->rows[end].cells[m].attempts[i]);
	}
	*ret_next = end;
	if (!sum.tests)
		return 0;
	if (view->n_machines > 1)
		class_name = oom_arena_printf(&j->view.arena, "%s.%s", machine, class_name);
	if (!class_name)
		return -ENOMEM;
	fputs("  <testsuite", j->out);
	attribute(j, "name", class_name);
	sum_write(j, &sum);
	if (start > 0 && gmtime_r(&start, &tm) &&
		strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%S", &tm))
		attribute(j, "timestamp", timestamp);
	attribute(j, "hostname", machine);
	fputs(">\n", j->out);
	properties_write(j, machine);
	for (size_t r = first; r < end; r++) {
		const struct oom_view_cell *cell = &view->rows[r].cells[m];

		for (size_t i = 0; i < cell->n_attempts; i++) {
			int e = case_write(j, &view->rows[r], cell->attempts[i], class_name);

			if (e < 0)
				return e;
		}
	}
	fputs("  </testsuite>\n", j->out);
	return 0;
}

static int write_junit(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	struct junit j = {.run = run, .utf8 = options->utf8, .out = out};
	struct sum sum = {0};
	int r = oom_view_build(run, &j.view);

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"oomgate\"", out);
	for (size_t i = 0; i < run->n_attempts; i++)
		sum_add(&sum, run, i);
	sum_write(&j, &sum);
	fputs(">\n", out);
	for (size_t m = 0; r == 0 && m < j.view.n_machines; m++) {
		for (size_t row = 0; r == 0 && row < j.view.n_rows;)
			r = suite_write(&j, m, row, &row);
	}
	fputs("</testsuites>\n", out);
	oom_view_release(&j.view);
	return r;
}

const struct oom_report oom_report_junit = {
	.name = "junit",
	.help = "JUnit XML, for CI servers",
	.write = write_junit,
};
