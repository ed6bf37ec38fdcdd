// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/table.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>

struct libscols_table *oom_table_new(
	size_t n_columns, const struct oom_report_options *options, FILE *out)
{
	struct libscols_table *table = scols_new_table();
	bool ok = table != NULL;

	if (!ok)
		return NULL;
	scols_table_set_stream(table, out);
	/* the texts are escaped and cut already: neither the terminal nor the locale may change
	 * them */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_colors(table, options->color);
	scols_table_enable_noheadings(table, 1);
	scols_table_set_column_separator(table, "  ");
	for (size_t c = 0; ok && c < n_columns; c++)
		ok = scols_table_new_column(table, "-", 0, 0) != NULL;
	if (ok)
		return table;
	scols_unref_table(table);
	return NULL;
}

void oom_table_freep(struct libscols_table **table)
{
	scols_unref_table(*table);
	*table = NULL;
}

int oom_table_add(struct libscols_table *table, const char *const *texts, const char *const *tones)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -ENOMEM;
	for (size_t c = 0; c < scols_table_get_ncols(table); c++) {
		if (scols_line_set_data(line, c, texts[c]) < 0)
			return -ENOMEM;
		if (*tones[c] && scols_cell_set_color(scols_line_get_cell(line, c), tones[c]) < 0)
			return -ENOMEM;
	}
	return 0;
}

int oom_table_print(struct libscols_table *table)
{
	return scols_print_table(table) < 0 ? -ENOMEM : 0;
}
