// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/internal.h"

#include <string.h>

/*
 * The bytes of one UTF-8 character at @p (of @len bytes), 0 when there is none: overlong forms,
 * surrogates and numbers beyond U+10FFFF are invalid (RFC 3629).
 */
static size_t utf8_length(const unsigned char *p, size_t len)
{
	size_t want = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	unsigned char low = 0x80, high = 0xbf;

	if (!want || p[0] > 0xf4 || want > len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (want > 1 && (p[1] < low || p[1] > high))
		return 0;
	for (size_t i = 2; i < want; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return want;
}

unsigned oom_utf8_count(const char *text, size_t len)
{
	unsigned count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void oom_utf8_mend(char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n) {
		unsigned char *p = (unsigned char *)text + i;

		n = utf8_length(p, len - i);
		if (!n || *p < 0x20 || *p == 0x7f) {
			*p = '?';
			n = 1;
		}
	}
}

bool oom_line_is_text(struct oom_reader *reader, const char *line, size_t len, unsigned number)
{
	struct oom_place place = {.line = number, .col = 1};

	if (len > OOM_SCENARIO_LINE_MAX) {
		oom_reader_mistake(
			reader, place, "the line has more than %d bytes", OOM_SCENARIO_LINE_MAX);
		return false;
	}
	for (size_t i = 0, n; i < len; i += n, place.col++) {
		const unsigned char *p = (const unsigned char *)line + i;

		n = utf8_length(p, len - i);
		if (!n) {
			oom_reader_mistake(reader, place, "byte 0x%02x is no valid UTF-8", *p);
			return false;
		}
		if ((*p < 0x20 && *p != '\t') || *p == 0x7f) {
			oom_reader_mistake(reader, place, "control character 0x%02x", *p);
			return false;
		}
	}
	return true;
}
