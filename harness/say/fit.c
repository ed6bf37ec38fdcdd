// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/say/fit.h"

#include "lib/base/cleanup.h"
#include "lib/scenario/key.h"

#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

/* SENTENCE: the last column is mostly one, and narrower than that it is hard to read. */
enum { MAX_COLUMNS = 16, GAP = 1, SENTENCE = 24, TERMINAL_COLUMNS = 80 };

size_t oom_fit_columns(int fd)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;
	int64_t number;

	if (text && oom_parse_int(text, &number) == 0 && number > 0 && number < 10000)
		return (size_t)number;
	if (!isatty(fd))
		return OOM_PIPE_COLUMNS;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : TERMINAL_COLUMNS;
}

/* One character of @text: its bytes, and the columns that it takes (smartcols writes what is not printable as
 * \xNN, byte by byte). */
static size_t next(const char *text, size_t *ret_columns)
{
	wchar_t c;
	mbstate_t state = {0};
	size_t len = mbrtowc(&c, text, strlen(text), &state);

	if (len == (size_t)-1 || len == (size_t)-2 || !len) {
		*ret_columns = 4;
		return 1;
	}
	*ret_columns = iswprint((wint_t)c) && wcwidth(c) >= 0 ? (size_t)wcwidth(c) : 4 * len;
	return len;
}

/* Between words; within a word, where it has parts. */
static bool ends_word(char c)
{
	return c == ' ' || c == '|';
}

static bool ends_part(char c)
{
	return strchr("/.,_-=:", c) != NULL;
}

/* Columns of all of @text, and of its longest word. */
static size_t measure_text(const char *text, size_t *longest)
{
	size_t all = 0, word = 0;

	while (*text) {
		size_t columns, len = next(text, &columns);

		all += columns;
		word += *text == ' ' ? 0 : columns;
		*longest = word > *longest ? word : *longest;
		word = ends_word(*text) ? 0 : word;
		text += len;
	}
	return all;
}

/* The bytes of @text that go on a line of @width columns. */
static size_t line_bytes(const char *text, size_t width)
{
	size_t at = 0, used = 0, word = 0, part = 0;

	while (text[at]) {
		size_t columns, len = next(text + at, &columns);

		/* the blank that ends a line takes no room */
		if (used + columns > width && text[at] != ' ')
			return word ? word : part ? part : at ? at : len;
		used += columns;
		at += len;
		if (ends_word(text[at - len]))
			word = at;
		else if (ends_part(text[at - len]))
			part = at;
	}
	return at;
}

/* A copy of @text in lines of at most @width columns; to be freed. */
static char *fold(const char *text, size_t width)
{
	char *copy = calloc(2, strlen(text) + 1), *out = copy;

	while (copy && *text) {
		size_t len = line_bytes(text, width);

		memcpy(out, text, len);
		out += len;
		text += len;
		while (*text && out > copy && out[-1] == ' ')
			out--;
		if (*text)
			*out++ = '\n';
	}
	return copy;
}

static const char *cell_text(struct libscols_line *line, size_t column)
{
	const char *text = scols_cell_get_data(scols_line_get_cell(line, column));

	return text ? text : "";
}

static void fold_column(struct libscols_table *table, size_t column, size_t width)
{
	struct libscols_column *c = scols_table_get_column(table, column);
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	scols_column_set_wrapfunc(c, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	scols_column_set_safechars(c, "\\\n");
	scols_column_set_flags(c, SCOLS_FL_WRAP);
	while (iter && scols_table_next_line(table, iter, &line) == 0) {
		oom_autofree char *folded = fold(cell_text(line, column), width);

		if (folded)
			scols_line_set_data(line, column, folded);
	}
	scols_free_iter(iter);
}

struct column {
	size_t width; /* of the widest cell */
	size_t words; /* no narrower while only blanks and '|' are broken at */
	size_t heading; /* never narrower: smartcols does not break it */
	bool fixed;
};

static void measure(struct libscols_table *table, struct column *columns, size_t n)
{
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	for (size_t i = 0; i < n; i++) {
		struct libscols_column *c = scols_table_get_column(table, i);
		size_t word = 0;

		columns[i].heading = measure_text(scols_column_get_name(c), &word);
		columns[i].width = columns[i].heading;
		columns[i].fixed = scols_column_is_right(c);
	}
	while (iter && scols_table_next_line(table, iter, &line) == 0) {
		for (size_t i = 0; i < n; i++) {
			size_t width = measure_text(cell_text(line, i), &columns[i].words);

			if (columns[i].width < width)
				columns[i].width = width;
		}
	}
	scols_free_iter(iter);
}

static size_t at_least(const struct column *columns, size_t i, size_t n, bool hard)
{
	size_t least = columns[i].heading > OOM_FIT_LEAST ? columns[i].heading : OOM_FIT_LEAST;

	if (columns[i].fixed || (!hard && i == 0))
		return columns[i].width;
	if (!hard && i == n - 1 && least < SENTENCE)
		least = SENTENCE;
	return !hard && columns[i].words > least ? columns[i].words : least;
}

/* Takes from the widest, a column at a time, until @sum is within @limit or there is nothing to take. */
static size_t shrink(struct column *columns, size_t n, size_t sum, size_t limit, bool hard)
{
	while (sum > limit) {
		struct column *widest = NULL;

		for (size_t i = 0; i < n; i++)
			if (columns[i].width > at_least(columns, i, n, hard) &&
				(!widest || columns[i].width > widest->width))
				widest = &columns[i];
		if (!widest)
			break;
		widest->width--;
		sum--;
	}
	return sum;
}

void oom_fit_table(struct libscols_table *table, size_t limit)
{
	struct column columns[MAX_COLUMNS] = {0};
	size_t n = scols_table_get_ncols(table), sum = 0, before[MAX_COLUMNS];

	if (!n || n > MAX_COLUMNS)
		return;
	/* ours is the width that counts, in a pipe too */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
	measure(table, columns, n);
	for (size_t i = 0; i < n; i++) {
		before[i] = columns[i].width;
		sum += columns[i].width + (i ? GAP : 0);
	}
	sum = shrink(columns, n, sum, limit, false);
	sum = shrink(columns, n, sum, limit, true);
	scols_table_set_termwidth(table, sum > limit ? sum : limit);
	for (size_t i = 0; i < n; i++)
		if (columns[i].width < before[i])
			fold_column(table, i, columns[i].width);
}
