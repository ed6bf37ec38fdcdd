// SPDX-License-Identifier: LGPL-2.1-or-later
/* The gate for tables. */
#include "harness/say/say.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <string.h>

struct libscols_column *oom_say_column(struct libscols_table *table, const char *name, int flags)
{
	struct libscols_column *column = scols_table_new_column(table, name, 0, flags);

	/* the backslash of an escape is no text that wants an escape */
	if (column)
		scols_column_set_safechars(column, "\\");
	return column;
}

int oom_say_cell(struct libscols_line *line, size_t column, const char *text)
{
	oom_autofree char *lines = NULL;
	size_t size = 0;
	FILE *out;

	if (!line)
		return -ENOMEM;
	out = text ? open_memstream(&lines, &size) : NULL;
	if (text && !out)
		return -ENOMEM;
	if (out) {
		oom_say(out, "%s", text);
		if (fclose(out))
			return -ENOMEM;
	}
	return scols_line_set_data(line, column, lines) ? -ENOMEM : 0;
}

int oom_say_number(struct libscols_line *line, size_t column, int64_t number, bool known)
{
	char text[24] = "-";

	if (!line)
		return -ENOMEM;
	if (known)
		snprintf(text, sizeof(text), "%" PRId64, number);
	return scols_line_set_data(line, column, text) ? -ENOMEM : 0;
}
