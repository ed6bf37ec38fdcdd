/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SAY_H
#define OOM_SAY_H

#include <argp.h>
#include <libsmartcols.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The gate: what this program says to people, on standard output or standard error, goes through here
 * (scripts/check-say proves it). The format is ours, its arguments may be anybody's: file names, words of
 * the command line, ids, a kernel's words. So the format is written as it stands, line feeds included,
 * and every text argument is made harmless first (lib/base/escape.h):
 *
 *  - no control character, no byte that is no UTF-8, nothing invisible or turning the direction;
 *  - no line feed: an argument never begins a line of its own;
 *  - a line never begins with an argument's "::", blanks and what is beyond ASCII before it aside: to
 *    GitHub's runner that is a command (actions/runner, ActionCommand.cs, which trims lines). What is
 *    one anywhere in a line is escaped anywhere (oom_begins_command()).
 *
 * A call is whole lines, written at once. Where standard output or standard error is a terminal that is
 * not of UTF-8, arguments are ASCII.
 */
void oom_say(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A text of many lines: its line feeds and tabs stay, the rest is an argument. */
void oom_say_lines(FILE *out, const char *text);

/* A rendered report, which has made its texts harmless, as it is; "::" begins a line only where @commands,
 * which are the report's own. */
struct oom_say_report {
	FILE *out;
	bool commands;
	bool at_start; /* set it to true: the next byte is at the beginning of a line, blanks aside */
	bool colon; /* one was held back: it may be half of a "::" */
};
/* A piece of it; a last one of no bytes ends it. */
void oom_say_report(struct oom_say_report *report, const char *data, size_t size);

/* Is the user's locale of UTF-8? */
bool oom_say_locale_utf8(void);
/* Does the reader of @fd understand UTF-8? A file or a pipe does: who reads it knows. */
bool oom_say_utf8(int fd);

/* ---- command lines (args.c) ---- */

/* As argp_parse() without flags; a word that is no option is named harmlessly. Mistakes end the program. */
error_t oom_say_parse(const struct argp *argp, int argc, char **argv, void *input);
/* As argp_error(), with arguments as those of oom_say(). */
void oom_say_usage(const struct argp_state *state, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- tables (table.c) ---- */

/* A column that shows what oom_say_cell() made; NULL without memory. */
struct libscols_column *oom_say_column(struct libscols_table *table, const char *name, int flags);
/* 0 or -ENOMEM; NULL is an empty cell. */
int oom_say_cell(struct libscols_line *line, size_t column, const char *text);
/* A number, "-" where it is not known. */
int oom_say_number(struct libscols_line *line, size_t column, int64_t number, bool known);

#endif
