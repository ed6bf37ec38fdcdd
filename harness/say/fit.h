/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FIT_H
#define OOM_FIT_H

#include <libsmartcols.h>
#include <stddef.h>

/* A line in a pipe or a file is no wider than that: so much is read without scrolling nearly everywhere. */
enum { OOM_PIPE_COLUMNS = 132 };

/* Columns for what is written to @fd: $COLUMNS, the terminal's, else OOM_PIPE_COLUMNS. */
size_t oom_fit_columns(int fd);

/*
 * Breaks long cells, at blanks and behind '|' where that does, so that the table is no wider than @columns; never
 * a column that is aligned to the right, and the first one last of all. Where that many columns cannot be had
 * (each keeps OOM_FIT_LEAST and its heading) the table is wider. To be called when all rows are in.
 */
enum { OOM_FIT_LEAST = 8 };
void oom_fit_table(struct libscols_table *table, size_t columns);

#endif
