// SPDX-License-Identifier: LGPL-2.1-or-later
/* A line that is framed like one before it: the lines of a report differ in their time and their text. */
#include "lib/klog/like.h"

#include "lib/klog/frame.h"

/* The digits from @at on may be others: how many there are, 0 where there are too many. */
static uint8_t vary(struct oom_klog_like *like, size_t at)
{
	uint8_t n = 0;

	while (at + n < like->len && oom_is_digit(like->base[at + n]))
		like->vary[at + n++] = 0xff;
	return n <= 12 ? n : 0;
}

/* "03:54:03.123456" */
static void learn_clock(struct oom_klog_like *like)
{
	size_t at = like->hour_len - 2;

	for (size_t i = 0; i < 8; i++)
		like->vary[at + i] = i % 3 == 2 ? 0 : 0xff;
	if (at + 9 < like->len && (like->base[at + 8] == '.' || like->base[at + 8] == ','))
		vary(like, at + 9);
	like->guest_end = (uint8_t)(at + 8 + 20);
	if (memchr(like->base + at, '|', like->len - at))
		like->len = 0;
}

/* "[  12.345678]"; false: it is not of that shape. */
static bool learn_stamp(struct oom_klog_like *like, size_t at)
{
	for (at++; at < like->len && like->base[at] == ' '; at++)
		;
	like->sec_at = (uint8_t)at;
	like->sec_len = vary(like, at);
	at += like->sec_len;
	if (!like->sec_len || at >= like->len || like->base[at] != '.')
		return false;
	like->frac_at = (uint8_t)++at;
	like->frac_len = vary(like, at);
	at += like->frac_len;
	return like->frac_len && at < like->len && like->base[at] == ']';
}

void oom_klog_like_learn(struct oom_klog_like *like, enum oom_klog_head head, const char *from,
	const char *stamp, const char *end, const struct oom_klog_line *line)
{
	size_t len = (size_t)(end - from);

	like->len = 0;
	/* the blank that ends it is its last: nothing behind it can belong to it */
	if (len < 8 || len > sizeof(like->base) || end[-1] != ' ')
		return;
	memset(like, 0, sizeof(*like));
	memcpy(like->base, from, len);
	memset(like->any + len, 0xff, sizeof(like->any) - len);
	like->len = len;
	like->head = head;
	like->line = *line;
	like->hour_len = line->hour.at ? (uint8_t)line->hour.len : 0;
	like->ident_at = line->ident.at ? (uint8_t)(line->ident.at - from) : 0;
	if (like->hour_len)
		learn_clock(like);
	if (stamp && !learn_stamp(like, (size_t)(stamp - from)))
		like->len = 0;
}

#ifdef __SSE2__
#include <emmintrin.h>

static bool same_16(const struct oom_klog_like *like, size_t at, const char *text)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)text);
	__m128i less = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
	__m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(less, _mm_set1_epi8(9)), less);
	__m128i same = _mm_cmpeq_epi8(bytes, _mm_loadu_si128((const __m128i *)(like->base + at)));

	same = _mm_or_si128(
		same, _mm_and_si128(digit, _mm_loadu_si128((const __m128i *)(like->vary + at))));
	same = _mm_or_si128(same, _mm_loadu_si128((const __m128i *)(like->any + at)));
	return _mm_movemask_epi8(same) == 0xffff;
}
#else
static bool same_16(const struct oom_klog_like *like, size_t at, const char *text)
{
	for (size_t i = at; i < at + 16; i++) {
		if (text[i - at] != like->base[i] && !like->any[i] &&
			!(like->vary[i] && oom_is_digit(text[i - at])))
			return false;
	}
	return true;
}
#endif

static bool is_like(const struct oom_klog_like *like, struct oom_span s)
{
	char last[16] = "";
	size_t at = 0;

	if (!like->len || s.len < like->len)
		return false;
	for (; at < like->len && at + 16 <= s.len; at += 16) {
		if (!same_16(like, at, s.at + at))
			return false;
	}
	if (at < like->len) {
		memcpy(last, s.at + at, s.len - at);
		if (!same_16(like, at, last))
			return false;
	}
	/* what a hypervisor puts behind its clock would be looked for first; the front itself has none */
	for (at = like->len; at < like->guest_end && at < s.len; at++) {
		if (s.at[at] == '|')
			return false;
	}
	return true;
}

/* The number whose @len digits begin at @p. */
static inline int64_t number_at(const char *p, size_t len)
{
	int64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value = value * 10 + (p[i] - '0');
	return value;
}

enum oom_klog_head oom_klog_like_take(
	const struct oom_klog_like *like, struct oom_span *s, struct oom_klog_line *ret)
{
	static const int64_t us_of_unit[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	size_t digits;

	if (!is_like(like, *s))
		return OOM_HEAD_NONE;
	*ret = like->line;
	if (like->hour_len)
		ret->hour.at = s->at;
	if (ret->ident.at)
		ret->ident.at = s->at + like->ident_at;
	if (like->sec_len) {
		digits = like->frac_len < 6 ? like->frac_len : 6;
		ret->time_us = number_at(s->at + like->sec_at, like->sec_len) * 1000000 +
			number_at(s->at + like->frac_at, digits) * us_of_unit[digits];
	}
	*s = oom_span_from(*s, like->len);
	return like->head;
}
