// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/list_row.h"

#include "harness/say/say.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

int oom_list_row(struct oom_list *list, ...)
{
	struct libscols_line *line = scols_table_new_line(list->table, NULL);
	va_list args;
	int r = line ? 0 : -ENOMEM;

	va_start(args, list);
	for (size_t i = 0; r == 0 && i < list->n_columns; i++)
		r = oom_say_cell(line, i, va_arg(args, const char *));
	va_end(args);
	return r;
}
