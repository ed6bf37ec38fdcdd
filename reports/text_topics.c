// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/text_topics.h"

#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "reports/escape.h"
#include "reports/style.h"
#include "reports/table.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <string.h>

#define OUTCOME_COLUMNS 24 /* below that a terminal is too narrow to cut to */
#define NAME_COLUMNS	16

enum { COL_TOPIC, COL_VERDICT, COL_NAME, COL_TIME, COL_OUTCOME, COL_COUNT_ };

/* "pass", and with several attempts how many of them: "fail 1/3". */
static const char *verdict_text(struct oom_arena *arena, const struct oom_view_cell *cell)
{
	const char *name = oom_verdict_name(cell->verdict);

	if (cell->n_attempts < 2)
		return name;
	return oom_arena_printf(arena, "%s %zu/%zu", name, cell->n_verdict, cell->n_attempts);
}

/* The texts of a row; all escaped. */
static int row_texts(struct oom_view *view, const struct oom_view_row *row, const char *topic,
	const struct oom_report_options *options, const char *texts[static COL_COUNT_])
{
	oom_borrow const struct oom_attempt *shown = NULL;
	const struct oom_view_cell *cell = &row->cells[0];
	const char *outcome;
	char buf[24];
	int r = oom_run_attempt(view->run, cell->attempts[cell->shown], &shown);

	if (r < 0)
		return r;

	texts[COL_TOPIC] = oom_escape_dup(&view->arena, topic, options->utf8);
	texts[COL_VERDICT] = verdict_text(&view->arena, cell);
	texts[COL_NAME] = oom_escape_dup(&view->arena, row->leaf, options->utf8);
	texts[COL_TIME] =
		oom_arena_strdup(&view->arena, oom_style_duration(cell->duration_us, buf));
	outcome = oom_style_outcome(&view->scratch, shown, options);
	if (outcome)
		outcome = oom_style_in_table(&view->scratch, outcome, shown->verdict, options);
	texts[COL_OUTCOME] = outcome ? oom_arena_printf(&view->arena, "%s%s",
					       cell->unsteady ? "attempts differ: " : "", outcome)
				     : NULL;
	oom_arena_reset(&view->scratch);
	for (int c = 0; c < COL_COUNT_; c++) {
		if (!texts[c])
			return -ENOMEM;
	}
	return 0;
}

static int row_add(struct libscols_table *table, const struct oom_view_row *row,
	const struct oom_report_options *options, const char *const texts[static COL_COUNT_])
{
	const char *const tones[COL_COUNT_] = {
		[COL_TOPIC] = oom_tone(options, OOM_TONE_BOLD),
		[COL_VERDICT] = oom_tone(options, oom_tone_of(row->verdict)),
		[COL_NAME] = "",
		[COL_TIME] = oom_tone(options, OOM_TONE_DIM),
		[COL_OUTCOME] = "",
	};

	return oom_table_add(table, texts, tones);
}

static void widths_add(size_t widths[static COL_COUNT_], const char *const texts[static COL_COUNT_])
{
	for (int c = 0; c < COL_COUNT_; c++) {
		size_t columns = oom_text_columns(texts[c]);

		if (columns > widths[c])
			widths[c] = columns;
	}
}

/* Columns of a scenario's name and of its outcome; 0: as many as it needs. */
struct room {
	size_t name, outcome;
};

/* The row: names and outcomes are cut on a terminal, else they go on in lines of their own. */
static int row_print(struct oom_view *view, struct libscols_table *table,
	const struct oom_view_row *row, const struct oom_report_options *options,
	const char *texts[static COL_COUNT_], struct room room)
{
	const char *name = texts[COL_NAME], *outcome = texts[COL_OUTCOME];

	if (options->width) {
		name = room.name ? oom_text_cut(&view->arena, name, room.name, options->utf8)
				 : name;
		outcome = room.outcome
			? oom_text_cut(&view->arena, outcome, room.outcome, options->utf8)
			: outcome;
	}
	if (!name || !outcome)
		return -ENOMEM;
	do {
		texts[COL_NAME] = oom_text_break(&view->arena, &name, room.name);
		texts[COL_OUTCOME] = oom_text_break(&view->arena, &outcome, room.outcome);
		if (!texts[COL_NAME] || !texts[COL_OUTCOME] ||
			row_add(table, row, options, texts) < 0)
			return -ENOMEM;
		for (int c = 0; c < COL_OUTCOME; c++)
			texts[c] = "";
	} while (*name || *outcome);
	return 0;
}

/* An outcome has what the other columns leave; if that is too little, names give up some of theirs. */
static struct room room_of(
	const struct oom_report_options *options, const size_t widths[static COL_COUNT_])
{
	size_t whole = oom_style_columns(options), others = 0;
	struct room room = {0};

	for (int c = 0; c < COL_OUTCOME; c++)
		others += widths[c] ? widths[c] + 2 : 0;
	if (whole >= others + OUTCOME_COLUMNS) {
		room.outcome = whole - others;
	} else if (whole >= others - widths[COL_NAME] + NAME_COLUMNS + OUTCOME_COLUMNS) {
		room.outcome = OUTCOME_COLUMNS;
		room.name = whole - OUTCOME_COLUMNS - (others - widths[COL_NAME]);
	}
	return room;
}

int oom_text_topics(struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	oom_cleanup(oom_table_freep) struct libscols_table *table =
		oom_table_new(COL_COUNT_, options, out);
	size_t widths[COL_COUNT_] = {0};
	struct room room;
	const char *topic = NULL, *(*texts)[COL_COUNT_];
	int r;

	texts = oom_arena_alloc(&view->arena, view->n_rows * sizeof(*texts));
	if (!table || !texts ||
		scols_column_set_flags(scols_table_get_column(table, COL_TIME), SCOLS_FL_RIGHT) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < view->n_rows; i++) {
		const struct oom_view_row *row = &view->rows[i];
		bool same = topic && !strcmp(topic, row->topic);

		if (!oom_view_is_listed(view, row, options->only_bad))
			continue;
		topic = row->topic;
		r = row_texts(view, row, same ? "" : topic, options, texts[i]);
		if (r < 0)
			return r;
		widths_add(widths, texts[i]);
	}
	if (!widths[COL_TOPIC] &&
		scols_column_set_flags(scols_table_get_column(table, COL_TOPIC), SCOLS_FL_HIDDEN) <
			0)
		return -ENOMEM;
	room = room_of(options, widths);
	for (size_t i = 0; i < view->n_rows; i++) {
		if (oom_view_is_listed(view, &view->rows[i], options->only_bad) &&
			row_print(view, table, &view->rows[i], options, texts[i], room) < 0)
			return -ENOMEM;
	}
	return oom_table_print(table);
}
