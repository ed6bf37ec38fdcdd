// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/style.h"

#include "reports/table.h"

#include <errno.h>

#define CELL_COLUMNS 16 /* a machine's column is never cut below that */

/* "pass  hog by kernel-memcg", "fail 1/3  nobody killed", "skipped  needs swap"; "" where not run.
 */
static const char *cell_text(struct oom_view *view, const struct oom_view_cell *cell,
	const struct oom_report_options *options)
{
	const char *name, *what, *steady = "";

	if (!cell->n_attempts)
		return "";
	name = oom_verdict_name(cell->verdict);
	if (cell->n_attempts > 1)
		name = oom_arena_printf(
			&view->arena, "%s %zu/%zu", name, cell->n_verdict, cell->n_attempts);
	if (cell->unsteady)
		steady = options->utf8 ? " ±" : " +-";
	/* what was not run to its end tells nothing by who died */
	if (cell->verdict == OOM_SKIPPED || cell->verdict == OOM_BROKEN)
		what = oom_view_reason(&view->arena, cell->shown);
	else
		what = oom_view_deaths(&view->arena, cell->shown, oom_style_separator(options));
	if (!name || !what)
		return NULL;
	what = oom_escape_dup(&view->arena, what, options->utf8);
	return what ? oom_arena_printf(&view->arena, "%s%s  %s", name, steady, what) : NULL;
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
			text[m + 2] = cell_text(view, &row->cells[m], options);
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

/* Columns of each machine: an equal share of what there is beside the names; 0: as many as it needs. */
static size_t share_of(struct oom_view *view, const struct oom_report_options *options,
	const char **texts, size_t n_columns)
{
	size_t names = 0, share, whole = oom_style_columns(options);

	for (size_t i = 0; i <= view->n_rows; i++) {
		size_t columns = oom_text_columns(texts[i * n_columns + 1]);

		names = columns > names ? columns : names;
	}
	names += 1 + 2; /* the mark and its separator */
	if (whole <= names)
		return whole ? CELL_COLUMNS : 0;
	share = (whole - names) / view->n_machines;
	return share > CELL_COLUMNS + 2 ? share - 2 : CELL_COLUMNS;
}

/* A row whose machines' cells take @share columns: cut on a terminal, else in as many lines as they need. */
static int row_print(struct oom_view *view, struct libscols_table *table,
	const struct oom_report_options *options, const char **texts, const char **tones,
	size_t n_columns, size_t share)
{
	const char **left = oom_arena_alloc(&view->arena, n_columns * sizeof(*left));
	bool more;

	if (!left)
		return -ENOMEM;
	for (size_t c = 2; c < n_columns; c++)
		left[c] = options->width ? oom_text_cut(&view->arena, texts[c], share, options->utf8)
					 : texts[c];
	do {
		more = false;
		for (size_t c = 2; c < n_columns; c++) {
			if (!left[c])
				return -ENOMEM;
			texts[c] = oom_text_break(&view->arena, &left[c], share);
			if (!texts[c])
				return -ENOMEM;
			more = more || *left[c];
		}
		if (oom_table_add(table, texts, tones) < 0)
			return -ENOMEM;
		texts[0] = texts[1] = "";
	} while (more);
	return 0;
}

int oom_text_matrix(struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	/* the mark of a difference, the scenario, and a column for each machine */
	size_t n_columns = view->n_machines + 2, n_texts = (view->n_rows + 1) * n_columns, share;
	oom_cleanup(oom_table_freep) struct libscols_table *table =
		oom_table_new(n_columns, options, out);
	const char **texts = oom_arena_alloc(&view->arena, n_texts * sizeof(*texts));
	const char **tones = oom_arena_alloc(&view->arena, n_texts * sizeof(*tones));

	if (!table || !texts || !tones || texts_fill(view, options, texts, tones, n_columns) < 0)
		return -ENOMEM;
	share = share_of(view, options, texts, n_columns);
	for (size_t i = 0; i <= view->n_rows; i++) {
		if (row_print(view, table, options, texts + i * n_columns, tones + i * n_columns,
			    n_columns, share) < 0)
			return -ENOMEM;
	}
	return oom_table_print(table);
}
