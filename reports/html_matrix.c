// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/html.h"

#include <errno.h>
#include <string.h>

/* "fail 1/3, attempts differ", what died of what or why not, the time; as a link to the attempt.
 */
static int cell_write(struct html *h, size_t row, size_t machine)
{
	const struct oom_view_cell *cell = &h->view.rows[row].cells[machine];
	bool ran = cell->verdict != OOM_SKIPPED && cell->verdict != OOM_BROKEN;
	oom_borrow const struct oom_attempt *shown = NULL;
	const char *what;
	int r;

	if (!cell->n_attempts) {
		fputs("<td class=\"dim\">not run</td>", h->out);
		return 0;
	}
	r = oom_run_attempt(h->run, cell->attempts[cell->shown], &shown);
	if (r < 0)
		return r;
	if (h->view.n_machines == 1 && cell->verdict == OOM_PASS)
		what = oom_view_fates(&h->view.scratch, shown, ", ");
	else if (ran && h->view.n_machines > 1)
		what = oom_view_deaths(&h->view.scratch, shown, ", ");
	else
		what = oom_view_reason(&h->view.scratch, shown);
	if (!what)
		return -ENOMEM;
	fprintf(h->out, "<td><a href=\"#a%zu-%zu-%zu\">", row, machine, cell->shown);
	oom_html_verdict(h, cell->verdict);
	if (cell->n_attempts > 1)
		fprintf(h->out, " %zu/%zu", cell->n_verdict, cell->n_attempts);
	if (cell->unsteady)
		fputs(", attempts differ", h->out);
	fputs(" <span class=\"dim\">", h->out);
	oom_html_text(h, what);
	fputs("</span></a></td>", h->out);
	oom_arena_reset(&h->view.scratch);
	if (h->view.n_machines == 1) {
		fputs("<td class=\"n dim\">", h->out);
		oom_html_duration(h, cell->duration_us);
		fputs("</td>", h->out);
	}
	return 0;
}

static void heading_write(const struct html *h)
{
	fputs("<h2>Scenarios</h2>\n<div class=\"scroll\">\n<table>\n<tr><th></th>", h->out);
	for (size_t m = 0; m < h->view.n_machines; m++) {
		fputs("<th>", h->out);
		oom_html_text(h, h->view.machines[m]);
		fputs("</th>", h->out);
	}
	fputs(h->view.n_machines == 1 ? "<th class=\"n\">time</th></tr>\n" : "</tr>\n", h->out);
}

int oom_html_matrix(struct html *h)
{
	const struct oom_view *view = &h->view;
	size_t n_columns = view->n_machines + (view->n_machines == 1 ? 2 : 1);
	const char *topic = NULL;

	heading_write(h);
	for (size_t r = 0; r < view->n_rows; r++) {
		const struct oom_view_row *row = &view->rows[r];

		if (!topic || strcmp(topic, row->topic) != 0) {
			topic = row->topic;
			fprintf(h->out, "<tr class=\"topic\"><td colspan=\"%zu\">", n_columns);
			oom_html_text(h, *topic ? topic : "scenarios");
			fputs("</td></tr>\n", h->out);
		}
		fputs(row->differs ? "<tr class=\"differs\"><td class=\"name\" title=\""
				   : "<tr><td class=\"name\" title=\"",
			h->out);
		oom_html_text(h, row->title);
		fputs("\">", h->out);
		fputs(row->differs ? "&#8800; " : "", h->out);
		oom_html_text(h, row->leaf);
		fputs("</td>", h->out);
		for (size_t m = 0; m < view->n_machines; m++) {
			int e = cell_write(h, r, m);

			if (e < 0)
				return e;
		}
		fputs("</tr>\n", h->out);
	}
	fputs("</table>\n</div>\n", h->out);
	return 0;
}
