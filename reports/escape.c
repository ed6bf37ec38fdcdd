// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/escape.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#define PIECE_BYTES 8

/* Invisible, or turning the reading direction of what follows; and what XML 1.0 forbids. */
static bool codepoint_is_harmful(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
		{0x80, 0x9f},			    /* C1: CSI and friends */
		{0xad, 0xad},			    /* soft hyphen */
		{0x61c, 0x61c},			    /* Arabic letter mark */
		{0x180e, 0x180e}, {0x200b, 0x200f}, /* zero width, marks of direction */
		{0x2028, 0x202e},		    /* line separators, embeddings and overrides */
		{0x2060, 0x206f},		    /* isolates */
		{0xd800, 0xdfff},		    /* surrogates */
		{0xfdd0, 0xfdef},		    /* noncharacters */
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, /* annotations */
		{0xe0000, 0xe0fff},		    /* tags */
	};

	if ((cp & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		if (cp >= harmful[i].first && cp <= harmful[i].last)
			return true;
	}
	return false;
}

/* Bytes of the well-formed UTF-8 sequence at @s (RFC 3629), 0 when there is none. */
static size_t utf8_decode(const unsigned char *s, uint32_t *ret_cp)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;
	uint32_t cp;

	if (s[0] < 0x80) {
		*ret_cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		len = 2, cp = s[0] & 0x1f;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		len = 3, cp = s[0] & 0x0f;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		len = 4, cp = s[0] & 0x07;
	else
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) /* NUL, too: never past the end */
			return 0;
		cp = cp << 6 | (s[i] & 0x3f);
	}
	if (cp < smallest[len] || cp > 0x10ffff)
		return 0;
	*ret_cp = cp;
	return len;
}

/* The next harmless piece of *@text: bytes as they are, or an escape. 0 at the end. */
static size_t piece_next(const char **text, bool utf8, char piece[static PIECE_BYTES])
{
	const unsigned char *s = (const unsigned char *)*text;
	uint32_t cp = 0;
	size_t len;

	if (!*s)
		return 0;
	len = utf8_decode(s, &cp);
	if (len == 1 && cp >= 0x20 && cp < 0x7f) {
		piece[0] = (char)cp;
	} else if (len > 1 && utf8 && !codepoint_is_harmful(cp)) {
		memcpy(piece, s, len);
	} else {
		*text += 1;
		if (*s == '\n' || *s == '\r' || *s == '\t')
			return (size_t)snprintf(piece, PIECE_BYTES, "\\%c",
				*s == '\n'   ? 'n'
				: *s == '\r' ? 'r'
					     : 't');
		return (size_t)snprintf(piece, PIECE_BYTES, "\\x%02x", *s);
	}
	piece[len] = '\0';
	*text += len;
	return len;
}

void oom_escape_put(FILE *out, const char *text, bool utf8, oom_char_map *map)
{
	char piece[PIECE_BYTES];

	if (!text)
		return;
	while (piece_next(&text, utf8, piece)) {
		const char *mapped = map && !piece[1] ? map(piece[0]) : NULL;

		fputs(mapped ? mapped : piece, out);
	}
}

char *oom_escape_dup(struct oom_arena *arena, const char *text, bool utf8)
{
	char *copy, *end, piece[PIECE_BYTES];
	size_t len;

	if (!text)
		text = "";
	copy = end = oom_arena_alloc(arena, 4 * strlen(text) + 1);
	if (!copy)
		return NULL;
	while ((len = piece_next(&text, utf8, piece))) {
		memcpy(end, piece, len);
		end += len;
	}
	return copy;
}

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
	char piece[PIECE_BYTES];

	if (!text)
		return;
	while (piece_next(&text, true, piece)) {
		const char *mapped = piece[1] ? NULL : map_xml(piece[0]);
		uint32_t cp = 0;

		if (!utf8 && utf8_decode((const unsigned char *)piece, &cp) > 1)
			fprintf(out, "&#x%x;", cp);
		else
			fputs(mapped ? mapped : piece, out);
	}
}

/* Columns of the character at *@text, which moves on. */
static size_t char_columns(const char **text)
{
	uint32_t cp = 0;
	size_t len = utf8_decode((const unsigned char *)*text, &cp);
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
