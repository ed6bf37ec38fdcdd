// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/escape.h"

#include "lib/base/escape.h"
#include "lib/base/utf8.h"

#include <string.h>
#include <wchar.h>

static const char *map_xml(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void oom_escape_xml(FILE *out, const char *text, bool utf8)
{
	char piece[OOM_ESCAPE_BYTES];

	if (!text)
		return;
	while (*text) {
		const char *mapped;
		uint32_t cp = 0;

		/* an entity ends a command as well, and loses nothing */
		if (oom_begins_command(text, strnlen(text, OOM_COMMAND_BYTES))) {
			fprintf(out, "&#%d;", *text++);
			continue;
		}
		oom_escape_next(&text, true, piece);
		mapped = piece[1] ? NULL : map_xml(piece[0]);
		if (!utf8 && oom_utf8_decode(piece, &cp) > 1)
			fprintf(out, "&#x%x;", cp);
		else
			fputs(mapped ? mapped : piece, out);
	}
}

/* Columns of the character at *@text, which moves on. */
static size_t char_columns(const char **text)
{
	uint32_t cp = 0;
	size_t len = oom_utf8_decode(*text, &cp);
	int columns = len > 1 ? wcwidth((wchar_t)cp) : 1;

	*text += len ? len : 1;
	return columns < 0 ? 1 : (size_t)columns;
}

size_t oom_text_columns(const char *text)
{
	size_t columns = 0;

	while (*text)
		columns += char_columns(&text);
	return columns;
}

const char *oom_text_cut(struct oom_arena *arena, const char *text, size_t columns, bool utf8)
{
	const char *end = text, *next = text, *dots = utf8 ? "…" : "...";
	size_t used = 0, room = utf8 ? 1 : 3;

	if (!columns || oom_text_columns(text) <= columns)
		return text;
	room = columns > room ? columns - room : 0;
	for (;;) {
		used += char_columns(&next);
		if (used > room)
			break;
		end = next;
	}
	while (end > text && end[-1] == ' ')
		end--;
	return oom_arena_printf(arena, "%.*s%s", (int)(end - text), text, dots);
}

/* Is that the blank behind a separator of a list? */
static bool ends_item(const char *begin, const char *blank)
{
	return (blank > begin && strchr(";,", blank[-1])) ||
		(blank > begin + 1 && !strncmp(blank - 2, "·", 2));
}

const char *oom_text_break(struct oom_arena *arena, const char **text, size_t columns)
{
	const char *begin = *text, *next = begin, *end = begin, *blank = NULL, *item = NULL;
	size_t used = 0;

	while (*next) {
		used += char_columns(&next);
		/* one character at the least: else there would be no end */
		if (columns && used > columns && end > begin)
			break;
		end = next;
		if (*end != ' ')
			continue;
		blank = end;
		if (ends_item(begin, end) && used > columns / 2)
			item = end;
	}
	if (*end && blank)
		end = item ? item : blank;
	*text = end + strspn(end, " ");
	return oom_arena_strndup(arena, begin, (size_t)(end - begin));
}

void oom_text_pad(FILE *out, const char *text, size_t columns)
{
	size_t used = oom_text_columns(text);

	fprintf(out, "%s%*s", text, (int)(used < columns ? columns - used : 0), "");
}

struct oom_utf8_locale oom_utf8_locale_enter(void)
{
	struct oom_utf8_locale locale = {.utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)};

	if (locale.utf8)
		locale.before = uselocale(locale.utf8);
	return locale;
}

void oom_utf8_locale_leave(struct oom_utf8_locale *locale)
{
	if (!locale->utf8)
		return;
	uselocale(locale->before);
	freelocale(locale->utf8);
	locale->utf8 = (locale_t)0;
}
