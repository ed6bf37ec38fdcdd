// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "reports/html.h"

#include <errno.h>

static int part(struct html *h, const char *name, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (!*text)
		return 0;
	fprintf(h->out, "<br/><span class=\"dim\">%s</span> ", name);
	oom_html_text(h, text);
	return 0;
}

static int side_write(struct html *h, const struct oom_view_side *sides, size_t count, size_t index)
{
	const struct oom_attempt *attempt = sides[index].attempt;
	struct oom_arena *arena = &h->view.scratch;
	int r;

	fputs("<li>", h->out);
	oom_html_text(h, sides[index].machines);
	fputs(": ", h->out);
	oom_html_verdict(h, attempt->verdict);
	r = part(h, "ended", oom_view_fates(arena, attempt, ", "));
	if (!r)
		r = part(h, "kills", oom_view_kills(arena, attempt, "; "));
	if (!r)
		r = part(h, "observed", oom_view_observed_apart(arena, sides, count, index, "; "));
	if (!r)
		r = part(h, "why", attempt->reason ?: "");
	fputs("</li>\n", h->out);
	return r;
}

int oom_html_differences(struct html *h)
{
	bool told = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < h->view.n_rows; i++) {
		oom_cleanup(oom_view_sides_release) struct oom_view_sides sides = {0};
		const struct oom_view_row *row = &h->view.rows[i];

		if (!row->differs)
			continue;
		r = oom_view_sides(&h->view, row, &sides);
		if (r < 0)
			return r;
		if (!told)
			fputs("<h2>&#8800; These scenarios end differently on these machines</h2>\n",
				h->out);
		told = true;
		fputs("<p>", h->out);
		oom_html_text(h, row->scenario);
		fputs(" <span class=\"dim\">", h->out);
		oom_html_text(h, row->title);
		fputs("</span></p>\n<ul>\n", h->out);
		for (size_t s = 0; r == 0 && s < sides.count; s++)
			r = side_write(h, sides.items, sides.count, s);
		if (sides.n_more)
			fprintf(h->out, "<li>and %zu more machine%s, each unlike these</li>\n",
				sides.n_more, sides.n_more == 1 ? "" : "s");
		fputs("</ul>\n", h->out);
		oom_view_sides_release(&sides); /* they lie in what goes now */
		oom_arena_reset(&h->view.scratch);
	}
	return r;
}
