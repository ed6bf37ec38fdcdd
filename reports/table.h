/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_TABLE_H
#define OOM_TABLE_H

#include "reports/report.h"

#include <libsmartcols.h>

/* Tables of escaped texts, two blanks between the columns, without headings and lines. The texts and
 * tones (SGR sequences or "") of a line outlive nothing: they are copied. */
struct libscols_table *oom_table_new(size_t n_columns, const struct oom_report_options *options,
	FILE *out); /* NULL without memory */
void oom_table_freep(struct libscols_table **table);
/* 0 or -ENOMEM; one text and one tone for each column */
int oom_table_add(struct libscols_table *table, const char *const *texts, const char *const *tones);
int oom_table_print(struct libscols_table *table);

#endif
