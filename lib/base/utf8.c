// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/utf8.h"

#include <string.h>

static size_t sequence_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

size_t oom_utf8_len(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = len ? sequence_len(p[0]) : 0;

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

size_t oom_utf8_decode(const char *text, uint32_t *ret_cp)
{
	const unsigned char *s = (const unsigned char *)text;
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

size_t oom_utf8_clean(char *dst, const char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len;) {
		size_t n = oom_utf8_len(text + i, len - i);

		if (n) {
			memcpy(dst + out, text + i, n);
		} else {
			memcpy(dst + out, "\xef\xbf\xbd", 3);
			n = 1;
			out += 2;
		}
		out += n;
		i += n;
	}
	dst[out] = '\0';
	return out;
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

		n = oom_utf8_len((const char *)p, len - i);
		if (!n || *p < 0x20 || *p == 0x7f) {
			*p = '?';
			n = 1;
		}
	}
}
