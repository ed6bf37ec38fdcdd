// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/escape.h"

#include "lib/base/utf8.h"

#include <string.h>

/* Invisible, or turning the reading direction of what follows; and what XML 1.0 forbids. */
bool oom_codepoint_is_harmful(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
		{0x80, 0x9f}, /* C1: CSI and friends */
		{0xad, 0xad}, /* soft hyphen */
		{0x61c, 0x61c}, /* Arabic letter mark */
		{0x180e, 0x180e}, {0x200b, 0x200f}, /* zero width, marks of direction */
		{0x2028, 0x202e}, /* line separators, embeddings and overrides */
		{0x2060, 0x206f}, /* isolates */
		{0xd800, 0xdfff}, /* surrogates */
		{0xfdd0, 0xfdef}, /* noncharacters */
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, /* annotations */
		{0xe0000, 0xe0fff}, /* tags */
	};

	if ((cp & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		if (cp >= harmful[i].first && cp <= harmful[i].last)
			return true;
	}
	return false;
}

bool oom_begins_command(const char *text, size_t len)
{
	static const char *const commands[] = {
		"##[", /* GitHub (actions/runner, ActionCommand.cs) and Azure Pipelines */
		"##vso[", /* Azure Pipelines */
		"##teamcity[", /* TeamCity */
		"<LAVA_SIGNAL_", /* LAVA's dispatcher, on a console */
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t n = strlen(commands[i]);

		if (len >= n && !memcmp(text, commands[i], n))
			return true;
	}
	return false;
}

static bool is_plain(const char *text, uint32_t cp)
{
	if (cp == '#' || cp == '<')
		return !oom_begins_command(text, strnlen(text, OOM_COMMAND_BYTES));
	return cp >= 0x20 && cp < 0x7f;
}

size_t oom_escape_next(const char **text, bool utf8, char piece[static OOM_ESCAPE_BYTES])
{
	const unsigned char *s = (const unsigned char *)*text;
	uint32_t cp = 0;
	size_t len;

	if (!*s)
		return 0;
	len = oom_utf8_decode(*text, &cp);
	if (len == 1 && is_plain(*text, cp)) {
		piece[0] = (char)cp;
	} else if (len > 1 && utf8 && !oom_codepoint_is_harmful(cp)) {
		memcpy(piece, s, len);
	} else {
		*text += 1;
		if (*s == '\n' || *s == '\r' || *s == '\t')
			return (size_t)snprintf(piece, OOM_ESCAPE_BYTES, "\\%c",
				*s == '\n'	     ? 'n'
					: *s == '\r' ? 'r'
						     : 't');
		return (size_t)snprintf(piece, OOM_ESCAPE_BYTES, "\\x%02x", *s);
	}
	piece[len] = '\0';
	*text += len;
	return len;
}

void oom_escape_put(FILE *out, const char *text, bool utf8, oom_char_map *map)
{
	char piece[OOM_ESCAPE_BYTES];

	if (!text)
		return;
	while (oom_escape_next(&text, utf8, piece)) {
		const char *mapped = map && !piece[1] ? map(piece[0]) : NULL;

		fputs(mapped ? mapped : piece, out);
	}
}

char *oom_escape_dup(struct oom_arena *arena, const char *text, bool utf8)
{
	char *copy, *end, piece[OOM_ESCAPE_BYTES];
	size_t len;

	if (!text)
		text = "";
	copy = end = oom_arena_alloc(arena, 4 * strlen(text) + 1);
	if (!copy)
		return NULL;
	while ((len = oom_escape_next(&text, utf8, piece))) {
		memcpy(end, piece, len);
		end += len;
	}
	return copy;
}
