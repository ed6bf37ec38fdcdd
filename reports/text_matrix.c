// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/text_matrix.h"

#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "reports/escape.h"
#include "reports/style.h"
#include "reports/table.h"

#include <errno.h>

#define CELL_COLUMNS  16 /* with less for each machine the names are cut, too */
#define LEAST_COLUMNS 8 /* a verdict */

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
	if (what)
		what = oom_style_in_table(&view->scratch, what, cell->verdict, options);
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
			tone[m + 2] = row->cells[m].n_attempts
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

/* Columns of the names, and of each machine an equal share of the rest; 0: as many as they need. */
struct room {
	size_t name, cell;
};

static size_t cell_columns(size_t whole, size_t name, size_t n_machines)
{
	size_t others = 1 + 2 + name; /* the mark, its separator */

	return whole > others + n_machines * 2 ? (whole - others) / n_machines - 2 : 0;
}

/* With little room names give up what is more than a third of it. */
static struct room room_of(struct oom_view *view, const struct oom_report_options *options,
	const char **texts, size_t n_columns)
{
	size_t whole = oom_style_columns(options);
	struct room room = {0};

	for (size_t i = 0; i <= view->n_rows; i++) {
		size_t columns = oom_text_columns(texts[i * n_columns + 1]);

		room.name = columns > room.name ? columns : room.name;
	}
	if (!whole)
		return (struct room){0};
	room.cell = cell_columns(whole, room.name, view->n_machines);
	if (room.cell < CELL_COLUMNS && room.name > whole / 3) {
		room.name = whole / 3;
		room.cell = cell_columns(whole, room.name, view->n_machines);
	}
	room.cell = room.cell > LEAST_COLUMNS ? room.cell : LEAST_COLUMNS;
	return room;
}

/* A row: its texts are cut on a terminal, else they go on in as many lines as they need. */
static int row_print(struct oom_view *view, struct libscols_table *table,
	const struct oom_report_options *options, const char **texts, const char **tones,
	size_t n_columns, struct room room)
{
	const char **left = oom_arena_alloc(&view->arena, n_columns * sizeof(*left));
	bool more;

	if (!left)
		return -ENOMEM;
	for (size_t c = 1; c < n_columns; c++) {
		size_t columns = c == 1 ? room.name : room.cell;

		left[c] = options->width && columns
			? oom_text_cut(&view->arena, texts[c], columns, options->utf8)
			: texts[c];
	}
	do {
		more = false;
		for (size_t c = 1; c < n_columns; c++) {
			if (!left[c])
				return -ENOMEM;
			texts[c] = oom_text_break(
				&view->arena, &left[c], c == 1 ? room.name : room.cell);
			if (!texts[c])
				return -ENOMEM;
			more = more || *left[c];
		}
		if (oom_table_add(table, texts, tones) < 0)
			return -ENOMEM;
		texts[0] = "";
	} while (more);
	return 0;
}

int oom_text_matrix(struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	/* the mark of a difference, the scenario, and a column for each machine */
	size_t n_columns = view->n_machines + 2, n_texts = (view->n_rows + 1) * n_columns;
	struct room room;
	oom_cleanup(oom_table_freep) struct libscols_table *table =
		oom_table_new(n_columns, options, out);
	const char **texts = oom_arena_alloc(&view->arena, n_texts * sizeof(*texts));
	const char **tones = oom_arena_alloc(&view->arena, n_texts * sizeof(*tones));
	int r = table && texts && tones ? texts_fill(view, options, texts, tones, n_columns)
					: -ENOMEM;

	if (r < 0)
		return r;
	room = room_of(view, options, texts, n_columns);
	for (size_t i = 0; i <= view->n_rows; i++) {
		if ((!i || oom_view_is_listed(view, &view->rows[i - 1], options->only_bad)) &&
			row_print(view, table, options, texts + i * n_columns,
				tones + i * n_columns, n_columns, room) < 0)
			return -ENOMEM;
	}
	return oom_table_print(table);
}
