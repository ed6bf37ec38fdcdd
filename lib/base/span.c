// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/span.h"

static inline char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

ptrdiff_t oom_span_find_last(struct oom_span s, struct oom_span what)
{
	for (size_t i = s.len >= what.len ? s.len - what.len + 1 : 0; i-- > 0;) {
		if (s.at[i] == what.at[0] && !memcmp(s.at + i, what.at, what.len))
			return (ptrdiff_t)i;
	}
	return -1;
}

ptrdiff_t oom_span_find_nocase(struct oom_span s, struct oom_span what)
{
	char first = what.at[0] | 0x20, last = fold(what.at[what.len - 1]);

	for (size_t i = 0; i + what.len <= s.len; i++) {
		size_t n = 1;

		/* letters only: what begins a word */
		if ((s.at[i] | 0x20) != first || fold(s.at[i + what.len - 1]) != last)
			continue;

		while (n < what.len && fold(s.at[i + n]) == fold(what.at[n]))
			n++;
		if (n == what.len)
			return (ptrdiff_t)i;
	}
	return -1;
}

bool oom_span_take_until(struct oom_span *s, struct oom_span mark, struct oom_span *ret)
{
	ptrdiff_t at = oom_span_find(*s, mark);

	if (at < 0)
		return false;
	*ret = (struct oom_span){s->at, (size_t)at};
	*s = oom_span_from(*s, (size_t)at + mark.len);
	return true;
}

bool oom_span_take_int(struct oom_span *s, int64_t *ret)
{
	size_t i = s->len && (*s->at == '-' || *s->at == '+');
	bool negative = i && *s->at == '-', fits = true;
	size_t first = i;
	int64_t value = 0;

	/* 18 digits fit for certain */
	for (; i < s->len && i - first < 18 && oom_is_digit(s->at[i]); i++)
		value = value * 10 + (s->at[i] - '0');
	if (negative)
		value = -value;
	/* INT64_MIN has no positive counterpart */
	for (; i < s->len && oom_is_digit(s->at[i]); i++) {
		int digit = s->at[i] - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, negative ? -digit : digit, &value))
			fits = false;
	}
	if (i == first)
		return false;
	*s = oom_span_from(*s, i);
	if (fits)
		*ret = value;
	return fits;
}

bool oom_span_take_seconds(struct oom_span *s, int64_t *ret_us)
{
	struct oom_span rest = *s;
	int64_t sec, frac = 0;
	size_t digits;

	oom_span_skip_blanks(&rest);
	if (!oom_span_take_int(&rest, &sec) || sec < 0 || sec > INT64_MAX / 2000000 ||
		!oom_span_skip(&rest, OOM_SPAN(".")))
		return false;
	for (digits = 0; digits < rest.len && oom_is_digit(rest.at[digits]); digits++) {
		if (digits < 6)
			frac = frac * 10 + (rest.at[digits] - '0');
	}
	if (!digits)
		return false;
	for (size_t i = digits; i < 6; i++)
		frac *= 10;
	*s = oom_span_from(rest, digits);
	*ret_us = sec * 1000000 + frac;
	return true;
}

bool oom_span_take_uint(struct oom_span *s, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < s->len && oom_is_digit(s->at[i]); i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(s->at[i] - '0'), &value))
			return false;
	}
	if (!i)
		return false;
	*s = oom_span_from(*s, i);
	*ret = value;
	return true;
}

bool oom_span_is_number(struct oom_span s, int64_t *ret)
{
	uint64_t value;

	if (!oom_span_take_uint(&s, &value) || s.len || value > INT64_MAX)
		return false;
	*ret = (int64_t)value;
	return true;
}

static int hex_digit(char c)
{
	if (oom_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool oom_span_take_hex(struct oom_span *s, int64_t *ret)
{
	struct oom_span rest = *s;
	uint64_t value = 0;
	size_t i;

	oom_span_skip(&rest, OOM_SPAN("0x"));
	for (i = 0; i < rest.len && hex_digit(rest.at[i]) >= 0; i++) {
		if (i >= 15)
			return false;
		value = value << 4 | (unsigned)hex_digit(rest.at[i]);
	}
	if (!i)
		return false;
	*s = oom_span_from(rest, i);
	*ret = (int64_t)value;
	return true;
}

/* The byte that an escape of four characters at @p stands for, or -1. */
static int escape_at(const char *p, size_t len, bool all)
{
	if (len < 4)
		return -1;
	if (p[0] == '\\' && p[1] == 'x' && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0) {
		int byte = hex_digit(p[2]) << 4 | hex_digit(p[3]);

		return all || byte < 0x20 || byte == 0x7f ? byte : -1;
	}
	/* only control characters: "#123" is somebody's text */
	if (!all && p[0] == '#' && p[1] == '0' && p[2] >= '0' && p[2] <= '3' && p[3] >= '0' &&
		p[3] <= '7')
		return (p[2] - '0') << 3 | (p[3] - '0');
	return -1;
}

size_t oom_text_unescape(char *dst, struct oom_span s, bool all)
{
	size_t out = 0;

	for (size_t i = 0; i < s.len;) {
		int byte = s.at[i] == '\\' || s.at[i] == '#' ? escape_at(s.at + i, s.len - i, all)
							     : -1;

		dst[out++] = byte >= 0 ? (char)byte : s.at[i];
		i += byte >= 0 ? 4 : 1;
	}
	return out;
}

size_t oom_text_control_len(struct oom_span s)
{
	size_t n = 1;

	if (*s.at != '\033' || s.len < 2 || s.at[1] != '[')
		return n;
	n = 2;
	while (n < s.len && (oom_is_digit(s.at[n]) || s.at[n] == ';'))
		n++;
	return n + (n < s.len);
}

size_t oom_text_uncolour(char *dst, struct oom_span s)
{
	size_t out = 0;

	while (s.len) {
		size_t n = *s.at == '\033' ? oom_text_control_len(s) : 0;

		if (!n)
			dst[out++] = *s.at;
		s = oom_span_from(s, n ? n : 1);
	}
	return out;
}
