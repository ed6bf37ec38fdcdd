// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/html.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

/* One file that opens anywhere: style and charts are inline, nothing is fetched, nothing is run. */

static void head_write(const struct html *h)
{
	time_t start = h->run->start_realtime_us / 1000000;
	char date[32] = "";
	struct tm tm;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
	      "<title>oomgate report</title>\n<style>\n",
		h->out);
	fputs(oom_html_style(), h->out);
	fputs("</style>\n</head>\n<body>\n<h1>Who dies when memory runs out</h1>\n"
	      "<p class=\"dim\">oomgate ",
		h->out);
	oom_html_text(h, h->run->version ?: "?");
	if (start > 0 && gmtime_r(&start, &tm) &&
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm))
		fprintf(h->out, " &#183; %s", date);
	fputs(" &#183; ", h->out);
	oom_html_duration(h, h->run->duration_us);
	if (h->run->seed >= 0)
		fprintf(h->out, " &#183; seed %" PRId64, h->run->seed);
	fputs("</p>\n", h->out);
	if (h->run->interrupted)
		fputs("<p class=\"inconclusive\">Interrupted: the run is not complete.</p>\n",
			h->out);
}

/* The verdicts as numbers, and as parts of one bar. */
static void counts_write(const struct html *h)
{
	const struct oom_view *view = &h->view;
	char latency[OOM_VIEW_LATENCY_BYTES];
	size_t before = 0;

	fputs("<div class=\"counts\">\n", h->out);
	for (int v = 0; v < OOM_VERDICT_COUNT_; v++) {
		const char *name = oom_verdict_name((enum oom_verdict)v);

		if (view->count[v])
			fprintf(h->out, "<div class=\"%s\"><b>%zu</b>%s</div>\n", name,
				view->count[v], name);
	}
	fputs("</div>\n", h->out);
	if (!view->n_attempts)
		return;
	fprintf(h->out,
		"<svg class=\"bar\" viewBox=\"0 0 %zu 1\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\">",
		view->n_attempts);
	for (int v = 0; v < OOM_VERDICT_COUNT_; v++) {
		if (view->count[v])
			fprintf(h->out, "<rect class=\"%s\" x=\"%zu\" width=\"%zu\" height=\"1\"/>",
				oom_verdict_name((enum oom_verdict)v), before, view->count[v]);
		before += view->count[v];
	}
	fputs("</svg>\n", h->out);
	if (!view->n_latencies)
		return;
	fprintf(h->out, "<p class=\"dim\">%s</p>\n", oom_view_latency(view, latency));
}

static int machines_write(struct html *h)
{
	if (!h->run->n_machines)
		return 0;
	fputs("<h2>Machines</h2>\n<table>\n", h->out);
	for (size_t i = 0; i < h->run->n_machines; i++) {
		const struct oom_machine_rec *machine = &h->run->machines[i];
		const char *text = oom_view_machine(&h->view.arena, h->run, machine, ", ");

		if (!text)
			return -ENOMEM;
		fputs("<tr><td class=\"name\">", h->out);
		oom_html_text(h, machine->id ?: "?");
		fputs("</td><td class=\"dim\">", h->out);
		oom_html_text(h, text);
		fputs("</td></tr>\n", h->out);
	}
	fputs("</table>\n", h->out);
	return 0;
}

static int attempts_write(struct html *h)
{
	const struct oom_view *view = &h->view;

	fputs("<h2>Attempts</h2>\n", h->out);
	for (size_t r = 0; r < view->n_rows; r++) {
		for (size_t m = 0; m < view->n_machines; m++) {
			for (size_t i = 0; i < view->rows[r].cells[m].n_attempts; i++) {
				int e = oom_html_attempt(h, r, m, i);

				if (e < 0)
					return e;
			}
		}
	}
	return 0;
}

static int write_html(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	struct html h = {.run = run, .options = options, .out = out};
	int r = oom_view_build(run, &h.view);

	if (r == 0) {
		head_write(&h);
		counts_write(&h);
		r = machines_write(&h);
	}
	if (r == 0 && h.view.n_rows) {
		r = oom_html_matrix(&h);
		if (r == 0)
			r = oom_html_differences(&h);
		if (r == 0)
			r = attempts_write(&h);
	}
	fputs("</body>\n</html>\n", out);
	oom_view_release(&h.view);
	return r;
}

const struct oom_report oom_report_html = {
	.name = "html",
	.help = "one self-contained page: scenarios by machine, with each attempt's details",
	.write = write_html,
};
