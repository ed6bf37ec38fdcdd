// SPDX-License-Identifier: LGPL-2.1-or-later
/* One file that opens anywhere: no script, no request, the bars are inline SVG. */
#include "harness/explain/explain.h"

#include "lib/base/cleanup.h"
#include "lib/base/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct explain_writer {
	FILE *out;
};

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
	"<title>oomgate explain</title><style>"
	":root{color-scheme:light dark}"
	"body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
	"h2{font-size:1.1rem;margin:2rem 0 .5rem}"
	"dl{display:grid;grid-template-columns:6rem 1fr;gap:.2rem 1rem;margin:0}"
	"dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}"
	"table{border-collapse:collapse;margin:.5rem 0}"
	"td,th{padding:.1rem .8rem .1rem 0;text-align:right}td:nth-child(2),th:nth-child(2){text-align:left}"
	"tr.killed{font-weight:600}"
	"</style></head><body>\n<h1>OOM kills</h1>\n";

/* @text for HTML, after control characters were made visible. */
static void put_text(struct explain_writer *w, const char *text)
{
	oom_autofree char *safe = explain_printable(text);

	for (const char *p = safe ? safe : ""; *p; p++) {
		switch (*p) {
		case '&':
			fputs("&amp;", w->out);
			break;
		case '<':
			fputs("&lt;", w->out);
			break;
		case '>':
			fputs("&gt;", w->out);
			break;
		case '"':
			fputs("&quot;", w->out);
			break;
		default:
			fputc(*p, w->out);
		}
	}
}

/* A row of the list; takes @text. */
static void put_row(struct explain_writer *w, const char *label, char *text)
{
	oom_autofree char *taken = text;

	if (!taken)
		return;
	fprintf(w->out, "<dt>%s</dt><dd>", label);
	put_text(w, taken);
	fputs("</dd>\n", w->out);
}

static void put_bars(struct explain_writer *w, const struct oom_incident *incident)
{
	struct explain_share shares[8];
	size_t n = explain_memory(incident, shares, 8);

	while (n && shares[n - 1].kib <= 0)
		n--;
	if (!n)
		return;
	fprintf(w->out,
		"<dt>memory</dt><dd><svg width=\"100%%\" height=\"%zu\" role=\"img\" "
		"aria-label=\"memory by kind\">\n",
		n * 22);
	for (size_t i = 0; i < n; i++) {
		char size[16];

		fprintf(w->out,
			"<rect x=\"30%%\" y=\"%zu\" width=\"%.2f%%\" height=\"16\" fill=\"#4a7fb5\"/>"
			"<text x=\"0\" y=\"%zu\" fill=\"currentColor\" font-size=\"13\">%s %s</text>\n",
			i * 22 + 2, 70.0 * (double)shares[i].kib / (double)shares[0].kib,
			i * 22 + 15, shares[i].name, explain_kib(shares[i].kib, size));
	}
	fputs("</svg></dd>\n", w->out);
}

static void put_number(struct explain_writer *w, int64_t value, bool known)
{
	if (known)
		fprintf(w->out, "<td>%" PRId64 "</td>", value);
	else
		fputs("<td>–</td>", w->out);
}

static void put_ranking(struct explain_writer *w, const struct oom_kill *kill)
{
	if (kill->n_ranking < 2)
		return;
	fputs("<table><tr><th>pid</th><th>name</th><th>adj</th><th>rss</th><th>swap pages</th>"
	      "<th>badness</th></tr>\n",
		w->out);
	for (size_t i = 0; i < kill->n_ranking; i++) {
		const struct oom_task *task = kill->ranking + i;
		char size[16];

		fprintf(w->out, "<tr%s>", task->pid == kill->victim.pid ? " class=\"killed\"" : "");
		put_number(w, task->pid, true);
		fputs("<td>", w->out);
		put_text(w, task->comm);
		fputs("</td>", w->out);
		put_number(w, task->oom_score_adj, task->oom_score_adj != OOM_ADJ_UNKNOWN);
		fprintf(w->out, "<td>%s</td>", explain_kib(task->rss_kib, size));
		put_number(w, task->swapents, task->swapents >= 0);
		put_number(w, task->points, true);
		fputs("</tr>\n", w->out);
	}
	fputs("</table>\n", w->out);
}

/* Folded: few look at it, and those who do want it whole. */
static void put_stack(struct explain_writer *w, const struct oom_incident *incident)
{
	if (!incident->n_stack)
		return;
	fputs("<details><summary>stack of the invoker</summary><pre>", w->out);
	for (size_t i = 0; i < incident->n_stack; i++) {
		put_text(w, incident->stack[i]);
		fputs("\n", w->out);
	}
	fputs("</pre></details>\n", w->out);
}

static void html_kill(
	struct explain_writer *w, const struct oom_incident *incident, const struct oom_kill *kill)
{
	oom_autofree char *sentence = explain_sentence(incident, kill);
	char *advice[4];
	size_t n = explain_advice(incident, kill, advice, 4);

	fputs("<section><h2>", w->out);
	put_text(w, sentence);
	fprintf(w->out, "</h2><dl>\n<dt>line</dt><dd>%" PRId64 "</dd>\n", kill->line);
	put_row(w, "held", explain_held(kill));
	if (kill->task_memcg)
		put_row(w, "cgroup", explain_printf("%s", kill->task_memcg));
	put_row(w, "invoker", explain_request(incident, kill));
	if (kill->explanation)
		put_row(w, "why", explain_printf("%s", kill->explanation));
	put_bars(w, incident);
	put_row(w, "freed", explain_freed(incident, kill));
	for (size_t i = 0; i < n; i++)
		put_row(w, i ? "" : "advice", advice[i]);
	fputs("</dl>\n", w->out);
	put_ranking(w, kill);
	put_stack(w, incident);
	fputs("</section>\n", w->out);
}

static void put_notes(
	struct explain_writer *w, const char *title, const struct explain_notes *notes)
{
	if (!notes->total)
		return;
	fprintf(w->out, "<section><h2>%s (%" PRId64 ")</h2><ul>\n", title, notes->total);
	for (size_t i = 0; i < notes->n; i++) {
		fprintf(w->out, "<li>line %" PRId64 ": ", notes->notes[i].line);
		put_text(w, notes->notes[i].text);
		fputs("</li>\n", w->out);
	}
	fputs("</ul></section>\n", w->out);
}

static void html_end(struct explain_writer *w, const struct explain_end *end)
{
	put_notes(w, "Kernel panics", end->panics);
	put_notes(w, "OOM killer invoked, but no kill follows in this log", end->unfinished);
	put_notes(w, "Killed by systemd, not by an OOM killer", end->signals);
	put_notes(w, "Looks like an OOM report, but is not understood", end->unrecognised);
	fprintf(w->out, "<p>%" PRId64 " OOM %s in %" PRId64 " %s.", end->kills,
		oom_plural((uint64_t)end->kills, "kill", "kills"), end->counts->lines,
		oom_plural((uint64_t)end->counts->lines, "line", "lines"));
	if (end->gaps) {
		fputs(" Not read: ", w->out);
		put_text(w, end->gaps);
		fputs(".", w->out);
	}
	if (end->damage) {
		fputs(" Incomplete: ", w->out);
		put_text(w, end->damage);
	}
	fputs("</p>\n", w->out);
}

static int html_open(FILE *out, struct explain_writer **ret)
{
	struct explain_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = out;
	fputs(head, out);
	*ret = w;
	return 0;
}

static void html_flush(struct explain_writer *w)
{
	fflush(w->out);
}

static int html_close(struct explain_writer *w)
{
	int rc;

	fputs("</body></html>\n", w->out);
	rc = fflush(w->out) || ferror(w->out) ? -EIO : 0;
	free(w);
	return rc;
}

const struct explain_format explain_html = {
	.name = "html",
	.help = "the same as one HTML file",
	.rank = 10,
	.open = html_open,
	.kill = html_kill,
	.end = html_end,
	.flush = html_flush,
	.close = html_close,
};
