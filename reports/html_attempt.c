// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/format.h"
#include "reports/html.h"

#include <errno.h>
#include <inttypes.h>

#define LIFE_COLUMNS 1000 /* of a life line's own coordinates */

static void cell_text(const struct html *h, const char *text)
{
	fputs("<td>", h->out);
	oom_html_text(h, text);
	fputs("</td>", h->out);
}

static int expects_write(struct html *h, const struct oom_attempt *attempt)
{
	if (!attempt->n_expects)
		return 0;
	fputs("<table>\n<tr><th>expectation</th><th>wanted</th><th>observed</th><th></th></tr>\n",
		h->out);
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];
		const char *subject = oom_view_subject(&h->view.scratch, e);

		if (!subject)
			return -ENOMEM;
		fputs("<tr>", h->out);
		cell_text(h, subject);
		cell_text(h, e->wanted ?: "?");
		cell_text(h, e->observed ?: "nothing");
		fputs("<td>", h->out);
		oom_html_verdict(h, e->verdict);
		if (e->reason && *e->reason) {
			fputs(" <span class=\"dim\">", h->out);
			oom_html_text(h, e->reason);
			fputs("</span>", h->out);
		}
		fputs("</td></tr>\n", h->out);
	}
	fputs("</table>\n", h->out);
	return 0;
}

/* A line from the workload's start to its end, on the time of all of the attempt. */
static void life_write(const struct html *h, const struct oom_workload_rec *w, int64_t whole_us)
{
	int64_t start = w->start_us > 0 ? w->start_us : 0;
	int64_t end = w->end_us >= start ? w->end_us : whole_us;
	bool died = w->end == OOM_END_SIGNALLED || w->end == OOM_END_STUCK;
	int64_t x, width;

	if (w->end == OOM_END_NOT_STARTED || whole_us <= 0)
		return;
	x = (int64_t)((double)start * LIFE_COLUMNS / (double)whole_us);
	width = (int64_t)((double)(end - start) * LIFE_COLUMNS / (double)whole_us);
	fprintf(h->out,
		"<svg class=\"life\" viewBox=\"0 0 %d 12\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\"><rect class=\"track\" y=\"5\" width=\"%d\" height=\"2\"/>"
		"<rect class=\"%s\" x=\"%" PRId64 "\" y=\"3\" width=\"%" PRId64 "\" height=\"6\"/>",
		LIFE_COLUMNS, LIFE_COLUMNS, w->end == OOM_END_SURVIVED ? "lived" : "ended", x,
		width > 6 ? width : 6);
	if (died)
		fprintf(h->out,
			"<rect class=\"died\" x=\"%" PRId64 "\" width=\"12\" height=\"12\"/>",
			x + width > 12 ? x + width - 12 : 0);
	fputs("</svg>", h->out);
}

static int64_t whole_of(const struct oom_attempt *attempt)
{
	int64_t whole = attempt->duration_us;

	for (size_t i = 0; i < attempt->n_workloads; i++) {
		if (attempt->workloads[i].end_us > whole)
			whole = attempt->workloads[i].end_us;
	}
	return whole;
}

static void workloads_write(const struct html *h, const struct oom_attempt *attempt)
{
	int64_t whole = whole_of(attempt);
	char buf[256];

	if (!attempt->n_workloads)
		return;
	fputs("<table>\n<tr><th>workload</th><th>end</th><th>exit seen after</th>"
	      "<th>life</th></tr>\n",
		h->out);
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];

		fputs("<tr>", h->out);
		cell_text(h, w->name ?: "?");
		fputs("<td>", h->out);
		oom_html_text(h, oom_workload_fate(attempt, w, buf, sizeof(buf)));
		for (size_t e = 0; e < w->n_evidence; e++) {
			fputs("<br/><span class=\"dim mono\">", h->out);
			oom_html_text(h, w->evidence[e]);
			fputs("</span>", h->out);
		}
		fputs("</td><td>", h->out);
		oom_html_duration(h, w->kill_latency_us);
		fputs("</td><td>", h->out);
		life_write(h, w, whole);
		fputs("</td></tr>\n", h->out);
	}
	fputs("</table>\n", h->out);
}

static void texts_write(const struct html *h, const char *what, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(h->out, "<li>%s: ", what);
		oom_html_text(h, texts[i]);
		fputs("</li>\n", h->out);
	}
}

static int faults_write(struct html *h, const struct oom_attempt *attempt)
{
	if (!attempt->n_faults && !attempt->n_preconditions && !attempt->n_standstills)
		return 0;
	fputs("<ul>\n", h->out);
	for (size_t i = 0; i < attempt->n_faults; i++) {
		const char *text = oom_view_fault(&h->view.scratch, &attempt->faults[i]);

		if (!text)
			return -ENOMEM;
		texts_write(h, "fault", &text, 1);
	}
	for (size_t i = 0; i < attempt->n_preconditions; i++) {
		const struct oom_precondition_rec *p = &attempt->preconditions[i];

		if (p->reason)
			texts_write(
				h, p->verdict == OOM_PASS ? "optional" : "unmet", &p->reason, 1);
	}
	for (size_t i = 0; i < attempt->n_standstills; i++) {
		const char *text = oom_view_standstill(&h->view.scratch, &attempt->standstills[i]);

		if (!text)
			return -ENOMEM;
		texts_write(h, "stood still", &text, 1);
	}
	fputs("</ul>\n", h->out);
	return 0;
}

static void kib_write(const struct html *h, int64_t kib)
{
	char buf[24];

	fprintf(h->out, "<td class=\"n\">%s</td>",
		kib < 0 ? "&#8211;" : oom_format_size((uint64_t)kib * 1024, buf));
}

static void kills_write(const struct html *h, const struct oom_attempt *attempt)
{
	if (!attempt->n_kills)
		return;
	fputs("<table>\n<tr><th>killed</th><th>by</th><th>constraint</th><th class=\"n\">anon</th>"
	      "<th class=\"n\">file</th><th class=\"n\">shmem</th><th class=\"n\">adj</th></tr>\n",
		h->out);
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *k = &attempt->kills[i];

		fputs("<tr><td>", h->out);
		oom_html_text(h, k->victim.comm ?: "?");
		if (k->victim.pid >= 0)
			fprintf(h->out, " <span class=\"dim\">%" PRId64 "</span>", k->victim.pid);
		fputs("</td>", h->out);
		cell_text(h, oom_killer_name(k->killer));
		cell_text(h, oom_constraint_name(k->constraint));
		kib_write(h, k->victim.anon_rss_kib);
		kib_write(h, k->victim.file_rss_kib);
		kib_write(h, k->victim.shmem_rss_kib);
		if (k->victim.oom_score_adj == OOM_ADJ_UNKNOWN)
			fputs("<td class=\"n\">&#8211;</td></tr>\n", h->out);
		else
			fprintf(h->out, "<td class=\"n\">%" PRId64 "</td></tr>\n",
				k->victim.oom_score_adj);
	}
	fputs("</table>\n", h->out);
}

static void evidence_write(const struct html *h, const struct oom_attempt *attempt)
{
	fputs("<ul>\n", h->out);
	texts_write(h, "disagreement", attempt->disagreements, attempt->n_disagreements);
	texts_write(h, "kernel warning", attempt->warnings, attempt->n_warnings);
	for (size_t i = 0; i < attempt->n_sources; i++) {
		const struct oom_source_rec *s = &attempt->sources[i];

		if (s->state == OOM_SOURCE_OK)
			continue;
		fputs(s->state == OOM_SOURCE_LOST ? "<li>lost: " : "<li>absent: ", h->out);
		oom_html_text(h, s->name ?: "?");
		fputs(s->note ? ": " : "", h->out);
		oom_html_text(h, s->note);
		fputs("</li>\n", h->out);
	}
	fputs("<li>time ", h->out);
	oom_html_duration(h, attempt->duration_us);
	fputs(", set-up ", h->out);
	oom_html_duration(h, attempt->setup_us);
	fputs("</li>\n", h->out);
	if (attempt->evidence_dir) {
		fputs("<li>evidence: <code>", h->out);
		oom_html_text(h, attempt->evidence_dir);
		fputs("</code></li>\n", h->out);
	}
	fputs("</ul>\n", h->out);
}

int oom_html_attempt(struct html *h, size_t row, size_t machine, size_t index)
{
	uint32_t number = h->view.rows[row].cells[machine].attempts[index];
	oom_borrow const struct oom_attempt *attempt = NULL;
	const char *name, *what;
	int r = oom_run_attempt(h->run, number, &attempt);

	if (r < 0)
		return r;
	name = oom_view_name(&h->view.scratch, &h->view, attempt);
	what = attempt->verdict == OOM_PASS ? oom_view_fates(&h->view.scratch, attempt, ", ")
					    : oom_view_reason(&h->view.scratch, attempt);
	if (!name || !what)
		return -ENOMEM;
	fprintf(h->out, "<details id=\"a%zu-%zu-%zu\"%s>\n<summary>", row, machine, index,
		oom_view_is_bad(attempt->verdict) && !oom_view_is_told(&h->view, number)
			? " open=\"\""
			: "");
	oom_html_verdict(h, attempt->verdict);
	fputs("<b>", h->out);
	oom_html_text(h, name);
	fputs("</b><span class=\"what\">", h->out);
	oom_html_text(h, what);
	fputs("</span></summary>\n", h->out);
	if (attempt->title && *attempt->title) {
		fputs("<p>", h->out);
		oom_html_text(h, attempt->title);
		fputs("</p>\n", h->out);
	}
	if (expects_write(h, attempt) < 0 || faults_write(h, attempt) < 0)
		return -ENOMEM;
	workloads_write(h, attempt);
	kills_write(h, attempt);
	evidence_write(h, attempt);
	fputs("</details>\n", h->out);
	oom_arena_reset(&h->view.scratch);
	return 0;
}
