// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char blanks[] = " \t\n\r";

/* @digits digits of @base at @p, or -1 */
static int64_t digits_read(const char *p, unsigned base, unsigned digits)
{
	int64_t value = 0;

	for (unsigned i = 0; i < digits; i++) {
		char c = p[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			: c >= 'a' && c <= 'f'	      ? (unsigned)(c - 'a') + 10
			: c >= 'A' && c <= 'F'	      ? (unsigned)(c - 'A') + 10
						      : 99;

		if (digit >= base)
			return -1;
		value = value * base + digit;
	}
	return value;
}

/* U+0001 to U+10FFFF as UTF-8 (RFC 3629); no surrogate is a character. 0 for none. */
static size_t utf8_put(int64_t code, char *out)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (code <= 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	for (size_t i = len; i-- > 0; code >>= 6)
		out[i] = (char)(i ? 0x80 | (code & 0x3f) : lead[len == 1 ? 0 : len] | code);
	return len;
}

/* The escape behind a backslash, at @p: bytes read, and those it stands for. 0: unknown. */
static size_t escape_read(const char *p, char *out, size_t *ret_len)
{
	static const char from[] = "abfnrtvs\\\"'", to[] = "\a\b\f\n\r\t\v \\\"'";
	const char *known = *p ? strchr(from, *p) : NULL;
	unsigned digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
	int64_t code;

	*ret_len = 1;
	if (known) {
		*out = to[known - from];
		return 1;
	}
	code = digits ? digits_read(p + 1, 16, digits) : digits_read(p, 8, 3);
	if (code <= 0)
		return 0;
	if (digits > 2) {
		*ret_len = utf8_put(code, out);
		return *ret_len ? digits + 1 : 0;
	}
	if (code > 0xff)
		return 0;
	*out = (char)code;
	return digits ? digits + 1 : 3;
}

int oom_word_read(const char **text, char *out, size_t *ret_len)
{
	const char *p = *text + strspn(*text, blanks), *opened = NULL;
	size_t len = 0;

	*text = p;
	if (!*p)
		return 0;
	while (*p && (opened || !strchr(blanks, *p))) {
		size_t bytes = 0, taken = *p == '\\' ? escape_read(p + 1, out + len, &bytes) : 0;

		if (taken) {
			len += bytes;
			p += 1 + taken;
		} else if (*p == '\\' &&
			p[1]) { /* kept, and what follows is no quote and no blank */
			out[len++] = *p++;
			out[len++] = *p++;
		} else if (opened ? *p == *opened : *p == '"' || *p == '\'') {
			opened = opened ? NULL : p;
			p++;
		} else {
			out[len++] = *p++;
		}
	}
	if (opened) {
		*text = opened;
		return -EINVAL;
	}
	out[len] = '\0';
	*ret_len = len;
	*text = p + strspn(p, blanks);
	return 1;
}
