// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/list.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Narrower is worse than a line that the terminal breaks itself. */
enum { MAX_COLUMNS = 8, MIN_WIDTH = 24, VALUE_WIDTH = 28, GAP = 1 };

static const char *cell_text(struct libscols_line *line, size_t column)
{
	const char *text = scols_cell_get_data(scols_line_get_cell(line, column));

	return text ? text : "";
}

/* A copy of @text with line feeds at blanks (or behind a '|') so that no line has more than @width.
 */
static char *fold(struct oom_arena *arena, const char *text, size_t width)
{
	size_t len = strlen(text), out = 0, column = 0, last = 0;
	char *copy = oom_arena_alloc(arena, 2 * len + 1);

	for (size_t i = 0; copy && i < len; i++) {
		copy[out++] = text[i];
		column += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (text[i] == ' ' || text[i] == '|')
			last = out;
		if (column <= width || !last)
			continue;
		if (copy[last - 1] == ' ') {
			copy[last - 1] = '\n';
		} else {
			memmove(copy + last + 1, copy + last, out - last);
			copy[last] = '\n';
			out++;
			last++;
		}
		column = out - last;
		last = 0;
	}
	return copy;
}

static void fold_column(struct oom_list *list, size_t column, size_t width)
{
	struct libscols_column *c = scols_table_get_column(list->table, column);
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	scols_column_set_wrapfunc(c, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	scols_column_set_safechars(c, "\\\n");
	scols_column_set_flags(c, SCOLS_FL_WRAP);
	while (iter && scols_table_next_line(list->table, iter, &line) == 0)
		scols_line_set_data(
			line, column, fold(&list->arena, cell_text(line, column), width));
	scols_free_iter(iter);
}

/* The widest cell of each column. */
static void measure(const struct oom_list *list, size_t widths[MAX_COLUMNS])
{
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	for (size_t i = 0; i < list->n_columns; i++)
		widths[i] = strlen(scols_column_get_name(scols_table_get_column(list->table, i)));
	while (iter && scols_table_next_line(list->table, iter, &line) == 0) {
		for (size_t i = 0; i < list->n_columns; i++) {
			size_t width = strlen(cell_text(line, i));

			if (widths[i] < width)
				widths[i] = width;
		}
	}
	scols_free_iter(iter);
}

void oom_list_fit(struct oom_list *list)
{
	size_t widths[MAX_COLUMNS], sum = 0, last = list->n_columns - 1;
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col ||
		list->n_columns > MAX_COLUMNS)
		return;
	measure(list, widths);
	for (size_t i = 0; i < last; i++) {
		if (!strcmp(scols_column_get_name(scols_table_get_column(list->table, i)),
			    "VALUE") &&
			widths[i] > VALUE_WIDTH) {
			fold_column(list, i, VALUE_WIDTH);
			widths[i] = VALUE_WIDTH;
		}
		sum += widths[i] + GAP;
	}
	if (sum + widths[last] <= size.ws_col)
		return;
	fold_column(list, last,
		size.ws_col > sum + MIN_WIDTH ? size.ws_col - sum - 1 : (size_t)MIN_WIDTH);
}
