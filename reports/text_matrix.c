// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/style.h"

#include "reports/table.h"

#include <errno.h>

#define CELL_COLUMNS 16 /* a machine's column is never cut below that */

/* "pass  hog by kernel-memcg", "fail 1/3  nobody killed", "skipped  needs swap"; "" where not run.
 */
static int cell_text(struct oom_view *view, const struct oom_view_cell *cell,
	const struct oom_report_options *options, const char **ret)
{
	oom_borrow const struct oom_attempt *shown = NULL;
	const char *name, *what, *steady = "";
	int r;

	*ret = "";
	if (!cell->n_attempts)
		return 0;
	r = oom_run_attempt(view->run, cell->attempts[cell->shown], &shown);
	if (r < 0)
		return r;
	name = oom_verdict_name(cell->verdict);
	if (cell->n_attempts > 1)
		name = oom_arena_printf(
			&view->arena, "%s %zu/%zu", name, cell->n_verdict, cell->n_attempts);
	if (cell->unsteady)
		steady = options->utf8 ? " ±" : " +-";
	/* what was not run to its end tells nothing by who died */
	if (cell->verdict == OOM_SKIPPED || cell->verdict == OOM_BROKEN)
		what = oom_view_reason(&view->scratch, shown);
	else
		what = oom_view_deaths(&view->scratch, shown, oom_style_separator(options));
	if (!name || !what)
		return -ENOMEM;
	what = oom_escape_dup(&view->scratch, what, options->utf8);
	*ret = what ? oom_arena_printf(&view->arena, "%s%s  %s", name, steady, what) : NULL;
	oom_arena_reset(&view->scratch);
	return *ret ? 0 : -ENOMEM;
}

/* The heading's and each row's texts, @n_columns apart. */
static int texts_fill(struct oom_view *view, const struct oom_report_options *options,
	const char **texts, const char **tones, size_t n_columns)
{
	for (size_t m = 0; m < view->n_machines; m++) {
		texts[m + 2] = oom_escape_dup(&view->arena, view->machines[m], options->utf8);
		tones[m + 2] = oom_tone(options, OOM_TONE_BOLD);
	}
	texts[0] = texts[1] = tones[0] = tones[1] = "";
	for (size_t i = 0; i < view->n_rows; i++) {
		const struct oom_view_row *row = &view->rows[i];
		const char **text = texts + (i + 1) * n_columns;
		const char **tone = tones + (i + 1) * n_columns;

		text[0] = row->differs ? (options->utf8 ? "≠" : "!") : "";
		tone[0] = oom_tone(options, OOM_TONE_WARN);
		text[1] = oom_escape_dup(&view->arena, row->scenario, options->utf8);
		tone[1] = "";
		for (size_t m = 0; m < view->n_machines; m++) {
			int r = cell_text(view, &row->cells[m], options, &text[m + 2]);

			if (r < 0)
				return r;
			tone[m + 2] =
				row->cells[m].n_attempts
					? oom_tone(options, oom_tone_of(row->cells[m].verdict))
					: "";
		}
	}
	for (size_t i = 0; i < (view->n_rows + 1) * n_columns; i++) {
		if (!texts[i])
			return -ENOMEM;
	}
	return 0;
}

/* Cuts the machines' columns to an equal share of the terminal, where they need more than they get.
 */
static int texts_cut(struct oom_view *view, const struct oom_report_options *options,
	const char **texts, size_t n_columns)
{
	size_t names = 0, share;

	for (size_t i = 0; i <= view->n_rows; i++) {
		size_t columns = oom_text_columns(texts[i * n_columns + 1]);

		names = columns > names ? columns : names;
	}
	names += 1 + 2; /* the mark and its separator */
	if (options->width <= names)
		return 0;
	share = (options->width - names) / view->n_machines;
	share = share > CELL_COLUMNS + 2 ? share - 2 : CELL_COLUMNS;
	for (size_t i = 0; i < (view->n_rows + 1) * n_columns; i++) {
		if (i % n_columns < 2)
			continue;
		texts[i] = oom_text_cut(&view->arena, texts[i], share, options->utf8);
		if (!texts[i])
			return -ENOMEM;
	}
	return 0;
}

int oom_text_matrix(struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	/* the mark of a difference, the scenario, and a column for each machine */
	size_t n_columns = view->n_machines + 2, n_texts = (view->n_rows + 1) * n_columns;
	oom_cleanup(oom_table_freep) struct libscols_table *table =
		oom_table_new(n_columns, options, out);
	const char **texts = oom_arena_alloc(&view->arena, n_texts * sizeof(*texts));
	const char **tones = oom_arena_alloc(&view->arena, n_texts * sizeof(*tones));

	int r = table && texts && tones ? texts_fill(view, options, texts, tones, n_columns) : -ENOMEM;

	if (r == 0 && options->width)
		r = texts_cut(view, options, texts, n_columns);
	if (r < 0)
		return r;
	for (size_t i = 0; i <= view->n_rows; i++) {
		if (oom_table_add(table, texts + i * n_columns, tones + i * n_columns) < 0)
			return -ENOMEM;
	}
	return oom_table_print(table);
}
