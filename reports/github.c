// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/escape.h"
#include "lib/base/format.h"
#include "reports/report.h"
#include "reports/view.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/*
 * For GitHub's Actions: workflow commands that annotate scenario files, then the run as Markdown.
 * Commands are read from standard output only, so a file (GITHUB_STEP_SUMMARY, which the steps of a job may
 * share) gets the Markdown alone.
 */
struct github {
	struct oom_view view;
	const struct oom_report_options *options;
	FILE *out;
};

/* A property of a workflow command: what separates properties is escaped as actions/toolkit does.
 */
static const char *map_property(char c)
{
	return c == '%' ? "%25" : c == ':' ? "%3A" : c == ',' ? "%2C" : NULL;
}

static const char *map_message(char c)
{
	return c == '%' ? "%25" : NULL;
}

/* Characters with a meaning in a cell or a list of Markdown. */
static const char *map_markdown(char c)
{
	static const struct {
		char c;
		const char *text;
	} rows[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'\\', "\\\\"}, {'`', "\\`"},
		{'*', "\\*"}, {'_', "\\_"}, {'[', "\\["}, {']', "\\]"}, {'|', "\\|"}, {'~', "\\~"},
		{'#', "\\#"}, {'$', "\\$"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].c == c)
			return rows[i].text;
	}
	return NULL;
}

static void markdown(const struct github *g, const char *text)
{
	oom_escape_put(g->out, text, g->options->utf8, map_markdown);
}

static const char *verdict_sign(const struct github *g, enum oom_verdict verdict)
{
	static const char *const signs[OOM_VERDICT_COUNT_] = {
		[OOM_PASS] = "✅ ",
		[OOM_FAIL] = "❌ ",
		[OOM_BROKEN] = "💥 ",
		[OOM_SKIPPED] = "⏭️ ",
		[OOM_INCONCLUSIVE] = "❔ ",
		[OOM_KNOWN] = "📌 ",
	};

	return g->options->utf8 && verdict < OOM_VERDICT_COUNT_ ? signs[verdict] : "";
}

/* An absolute path in the repository, as GitHub knows it: relative to it. */
static const char *in_workspace(const struct github *g, const char *file)
{
	const char *folder = g->options->workspace;
	size_t len = folder ? strlen(folder) : 0;

	while (len && folder[len - 1] == '/')
		len--;
	return len && !strncmp(file, folder, len) && file[len] == '/' && file[len + 1]
		? file + len + 1
		: file;
}

/* Where to look: the worst expectation, else the workload that would not start or end, else the top. */
static int64_t line_of(const struct oom_attempt *attempt)
{
	const struct oom_expect_rec *worst = NULL;

	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];

		if (e->line < 1 || !oom_view_is_bad(e->verdict))
			continue;
		if (!worst ||
			(e->verdict != worst->verdict &&
				oom_verdict_worse(e->verdict, worst->verdict) == e->verdict))
			worst = e;
	}
	if (worst)
		return worst->line;
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];

		if (w->line > 0 && (w->end == OOM_END_STUCK || w->end == OOM_END_NOT_STARTED))
			return w->line;
	}
	return 1;
}

static int annotation_write(struct github *g, const struct oom_attempt *attempt)
{
	const char *name = oom_view_name(&g->view.scratch, &g->view, attempt);
	const char *reason = oom_view_reason(&g->view.scratch, attempt);
	const char *fates = oom_view_fates(&g->view.scratch, attempt, "; ");
	bool utf8 = g->options->utf8;

	if (!name || !reason || !fates)
		return -ENOMEM;
	fprintf(g->out, "::%s ", attempt->verdict == OOM_KNOWN ? "notice" : "error");
	if (attempt->scenario_file) {
		fputs("file=", g->out);
		oom_escape_put(g->out, in_workspace(g, attempt->scenario_file), utf8, map_property);
		fprintf(g->out, ",line=%" PRId64 ",", line_of(attempt));
	}
	fputs("title=", g->out);
	oom_escape_put(g->out, name, utf8, map_property);
	fprintf(g->out, " %s::", oom_verdict_name(attempt->verdict));
	oom_escape_put(g->out, reason, utf8, map_message);
	if (*fates) {
		fputs("%0A", g->out);
		oom_escape_put(g->out, fates, utf8, map_message);
	}
	fputc('\n', g->out);
	return 0;
}

static int cell_write(struct github *g, const struct oom_view_cell *cell)
{
	const char *separator = g->options->utf8 ? " · " : "; ", *what;
	oom_borrow const struct oom_attempt *shown = NULL;
	int r;

	if (!cell->n_attempts) {
		fputs(" |", g->out);
		return 0;
	}
	r = oom_run_attempt(g->view.run, cell->attempts[cell->shown], &shown);
	if (r < 0)
		return r;
	what = cell->verdict == OOM_PASS ? oom_view_fates(&g->view.scratch, shown, separator)
					 : oom_view_reason(&g->view.scratch, shown);
	if (!what)
		return -ENOMEM;
	fprintf(g->out, " %s%s", verdict_sign(g, cell->verdict), oom_verdict_name(cell->verdict));
	if (cell->n_attempts > 1)
		fprintf(g->out, " %zu/%zu", cell->n_verdict, cell->n_attempts);
	fputs("<br>", g->out);
	markdown(g, what);
	fputs(" |", g->out);
	oom_arena_reset(&g->view.scratch);
	return 0;
}

static int table_write(struct github *g)
{
	const struct oom_view *view = &g->view;

	fputs("| scenario |", g->out);
	for (size_t m = 0; m < view->n_machines; m++) {
		fputc(' ', g->out);
		markdown(g, view->machines[m]);
		fputs(" |", g->out);
	}
	fputs("\n| --- |", g->out);
	for (size_t m = 0; m < view->n_machines; m++)
		fputs(" --- |", g->out);
	fputc('\n', g->out);
	for (size_t i = 0; i < view->n_rows; i++) {
		fputs("| ", g->out);
		markdown(g, view->rows[i].scenario);
		fputs(view->rows[i].differs ? " **differs** |" : " |", g->out);
		for (size_t m = 0; m < view->n_machines; m++) {
			int r = cell_write(g, &view->rows[i].cells[m]);

			if (r < 0)
				return r;
		}
		fputc('\n', g->out);
	}
	return 0;
}

static int summary_write(struct github *g, const struct oom_run *run)
{
	const char *counts =
		oom_view_counts(&g->view.arena, g->view.count, g->options->utf8 ? " · " : "; ");
	char buf[24];

	if (!counts)
		return -ENOMEM;
	fprintf(g->out, "## oomgate: %s", *counts ? counts : "nothing was run");
	if (run->duration_us >= 0)
		fprintf(g->out, " in %s", oom_format_duration((uint64_t)run->duration_us, buf));
	fputs(run->interrupted ? ", interrupted\n\n" : "\n\n", g->out);
	for (size_t i = 0; i < run->n_machines; i++) {
		const char *text = oom_view_machine(&g->view.arena, run, &run->machines[i], ", ");

		if (!text)
			return -ENOMEM;
		fputs("- ", g->out);
		markdown(g, run->machines[i].id);
		fputs(": ", g->out);
		markdown(g, text);
		fputc('\n', g->out);
	}
	fputs(run->n_machines ? "\n" : "", g->out);
	return g->view.n_rows ? table_write(g) : 0;
}

static int annotations_write(struct github *g)
{
	for (size_t r = 0; r < g->view.n_rows; r++) {
		for (size_t m = 0; m < g->view.n_machines; m++) {
			const struct oom_view_cell *cell = &g->view.rows[r].cells[m];

			for (size_t i = 0; i < cell->n_attempts; i++) {
				oom_borrow const struct oom_attempt *attempt = NULL;
				uint32_t index = cell->attempts[i];
				enum oom_verdict verdict =
					(enum oom_verdict)oom_run_entry(g->view.run, index).verdict;
				int e;

				if (!(oom_view_is_bad(verdict) || verdict == OOM_KNOWN) ||
					oom_view_is_told(&g->view, index))
					continue;
				e = oom_run_attempt(g->view.run, index, &attempt);
				if (e == 0)
					e = annotation_write(g, attempt);
				if (e < 0)
					return e;
				oom_arena_reset(&g->view.scratch);
			}
		}
	}
	return 0;
}

static int write_github(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	struct github g = {.options = options, .out = out};
	int r = oom_view_build(run, &g.view);

	if (r == 0 && !options->to_file)
		r = annotations_write(&g);
	if (r == 0)
		r = summary_write(&g, run);
	oom_view_release(&g.view);
	return r;
}

const struct oom_report oom_report_github = {
	.name = "github",
	.help = "GitHub Actions: annotations and Markdown (to a FILE: only the Markdown, appended)",
	.append = true,
	.commands = true,
	.write = write_github,
};
