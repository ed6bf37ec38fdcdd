/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_TABLE_H
#define OOM_KLOG_TABLE_H

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/record/kill.h"

/* The most tasks that one dump is read for; what is beyond is counted. */
#define OOM_TABLE_ROWS	  32768
#define OOM_TABLE_COLUMNS 20

/*
 * The task table of dump_tasks(), whatever its columns: they are taken by name from the header line
 * ("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name").
 */
struct oom_klog_table {
	int columns[OOM_TABLE_COLUMNS]; /* index in the table of names, -1: unknown to us */
	size_t n_columns;
	bool open; /* a header was seen: rows may follow */
	bool narrow; /* "[ pid ]", up to 4.18 */
	bool has_adj; /* there is a column oom_score_adj (2.6.36 and later) */
	bool has_name; /* the header line is whole */
	bool in_pages; /* page tables are counted in pages (up to 4.14) */
	bool in_kib; /* rows were multiplied by the page size */
	struct oom_task *rows; /* sizes in pages until oom_klog_table_finish() */
	size_t n_rows, capacity, n_dropped;
	struct oom_task blank; /* a row that says nothing */
	struct oom_arena names;
};

/* True when @text is the table's header line: a new, empty table begins. */
bool oom_klog_table_header(struct oom_klog_table *table, struct oom_span text);

/* The rest of a header line that a mailer broke. */
bool oom_klog_table_more_columns(struct oom_klog_table *table, struct oom_span text);

/*
 * Takes one row. 1: taken (or one too many, counted); 0: no row; -EAGAIN: a row that lacks its end;
 * -ENOMEM.
 */
int oom_klog_table_row(struct oom_klog_table *table, struct oom_span text);

/* Turns pages into KiB. */
void oom_klog_table_finish(struct oom_klog_table *table, int64_t page_kib);
/* Forgets the rows, keeps the memory. */
void oom_klog_table_clear(struct oom_klog_table *table);
void oom_klog_table_release(struct oom_klog_table *table);

#endif
