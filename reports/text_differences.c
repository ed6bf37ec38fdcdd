// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/text_differences.h"

#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "reports/style.h"

#include <errno.h>

struct differences {
	struct oom_view *view;
	const struct oom_report_options *options;
	FILE *out;
};

static int line(const struct differences *d, const char *name, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (!*text)
		return 0;
	fprintf(d->out, "     %s%-9s%s ", oom_tone(d->options, OOM_TONE_DIM), name,
		oom_tone(d->options, OOM_TONE_PLAIN));
	oom_escape_put(d->out, text, d->options->utf8, NULL);
	fputc('\n', d->out);
	return 0;
}

static int side_write(
	const struct differences *d, const struct oom_view_side *sides, size_t count, size_t index)
{
	const struct oom_view_side *side = &sides[index];
	const char *separator = oom_style_separator(d->options);
	struct oom_arena *arena = &d->view->scratch;
	int r;

	fputs("   ", d->out);
	oom_escape_put(d->out, side->machines, d->options->utf8, NULL);
	fprintf(d->out, "  %s%s%s\n", oom_tone(d->options, oom_tone_of(side->attempt->verdict)),
		oom_verdict_name(side->attempt->verdict), oom_tone(d->options, OOM_TONE_PLAIN));
	r = line(d, "ended", oom_view_fates(arena, side->attempt, separator));
	if (!r)
		r = line(d, "kills", oom_view_kills(arena, side->attempt, separator));
	if (!r)
		r = line(d, "observed",
			oom_view_observed_apart(arena, sides, count, index, separator));
	if (!r)
		r = line(d, "why", side->attempt->reason ?: "");
	return r;
}

int oom_text_differences(struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	struct differences d = {view, options, out};
	const char *mark = options->utf8 ? "≠" : "!";
	bool told = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < view->n_rows; i++) {
		oom_cleanup(oom_view_sides_release) struct oom_view_sides sides = {0};

		if (!view->rows[i].differs)
			continue;
		r = oom_view_sides(view, &view->rows[i], &sides);
		if (r < 0)
			return r;
		if (!told)
			fprintf(out, "\n%s these scenarios end differently on these machines\n",
				mark);
		told = true;
		fprintf(out, "\n%s%s%s  ", oom_tone(options, OOM_TONE_WARN), mark,
			oom_tone(options, OOM_TONE_PLAIN));
		oom_escape_put(out, view->rows[i].scenario, options->utf8, NULL);
		if (*view->rows[i].title) {
			fprintf(out, "  %s", oom_tone(options, OOM_TONE_DIM));
			oom_escape_put(out, view->rows[i].title, options->utf8, NULL);
			fputs(oom_tone(options, OOM_TONE_PLAIN), out);
		}
		fputc('\n', out);
		for (size_t s = 0; r == 0 && s < sides.count; s++)
			r = side_write(&d, sides.items, sides.count, s);
		if (sides.n_more)
			fprintf(out, "   and %zu more machine%s, each unlike these\n", sides.n_more,
				sides.n_more == 1 ? "" : "s");
		oom_view_sides_release(&sides); /* they lie in what goes now */
		oom_arena_reset(&view->scratch);
	}
	return r;
}
