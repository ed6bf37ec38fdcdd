// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/*
 * Most of a log is about something else, and every byte of it must be looked at: three letters that
 * are rare in logs ("ill", "nic", "oom") are compared at 16 places at a time, and only where they
 * stand are the letters around them looked at.
 */
static bool is_anchor(const char *p, const char *from, const char *end)
{
	switch (*p | 0x20) {
	case 'i': /* kill, Kill, KILL */
		if (p == from || (p[-1] | 0x20) != 'k')
			return false;
		return end - p < 4 || p[3] != '_';
	case 'n': /* panic, not panic+0x17/0x20 */
		return p - from >= 2 && p[-1] == 'a' && p[-2] == 'p' &&
			(end - p < 4 || p[3] != '+');
	default: /* OOM, and the daemons that ask a process to go without a word of killing */
		if (p[0] == 'O')
			return p[1] == 'O' && p[2] == 'M';
		return (p - from >= 5 && !memcmp(p - 5, "early", 5)) ||
			(end - p >= 11 && !memcmp(p, "oom_score (", 11));
	}
}

static bool is_trigram(const char *p)
{
	char a = p[0] | 0x20, b = p[1] | 0x20, c = p[2] | 0x20;

	return (a == 'i' && b == 'l' && c == 'l') || (a == 'n' && b == 'i' && c == 'c') ||
		(a == 'o' && b == 'o' && c == 'm');
}

static const char *scan_bytes(const char *p, const char *from, const char *end, int64_t *newlines)
{
	for (; p < end; p++) {
		if (*p == '\n')
			++*newlines;
		else if (end - p >= 3 && is_trigram(p) && is_anchor(p, from, end))
			return p;
	}
	return end;
}

static unsigned mark_bytes(const char *p, const char *from, const char *end)
{
	unsigned marks = OOM_MARK_KNOWN;

	for (; p < end; p++) {
		if (*p == '\\' || *p == '#')
			marks |= OOM_MARK_ESCAPE;
		else if (*p == '[')
			marks |= OOM_MARK_BRACKET;
		else if (*p == '\n')
			marks |= OOM_MARK_LINE_FEED;
		else if (end - p >= 3 && is_trigram(p) && is_anchor(p, from, end))
			marks |= OOM_MARK_SPEAKS;
		else if (end - p >= 3 && p[0] == '+' && p[1] == '0' && p[2] == 'x')
			marks |= OOM_MARK_CODE;
	}
	return marks;
}

#ifdef __SSE2__
#define BLOCK 16

static inline __m128i equal(__m128i bytes, char c)
{
	return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

/* A bit for each of the 16 places at @p where one of the three letter groups begins. */
static inline __m128i trigrams(const char *p)
{
	const __m128i lower = _mm_set1_epi8(0x20);
	__m128i a = _mm_or_si128(_mm_loadu_si128((const __m128i *)p), lower);
	__m128i b = _mm_or_si128(_mm_loadu_si128((const __m128i *)(p + 1)), lower);
	__m128i c = _mm_or_si128(_mm_loadu_si128((const __m128i *)(p + 2)), lower);
	__m128i ill = _mm_and_si128(_mm_and_si128(equal(a, 'i'), equal(b, 'l')), equal(c, 'l'));
	__m128i nic = _mm_and_si128(_mm_and_si128(equal(a, 'n'), equal(b, 'i')), equal(c, 'c'));
	__m128i oom = _mm_and_si128(_mm_and_si128(equal(a, 'o'), equal(b, 'o')), equal(c, 'm'));

	return _mm_or_si128(_mm_or_si128(ill, nic), oom);
}

static inline int64_t sum_bytes(__m128i counts)
{
	__m128i sums = _mm_sad_epu8(counts, _mm_setzero_si128());

	return _mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_srli_si128(sums, 8));
}

const char *oom_klog_scan(const char *from, const char *end, int64_t *newlines)
{
	const char *p = from;

	while (end - p >= 2 * BLOCK + 2) {
		/* each byte of the counts takes up 255 blocks */
		ptrdiff_t blocks = (end - p - 2) / BLOCK;
		const char *stop = p + BLOCK * (blocks < 255 ? blocks : 255);
		__m128i counts = _mm_setzero_si128();
		int hits = 0;

		for (; p < stop; p += BLOCK) {
			hits = _mm_movemask_epi8(trigrams(p));
			while (hits && !is_anchor(p + __builtin_ctz(hits), from, end))
				hits &= hits - 1;
			if (hits)
				break;
			counts = _mm_sub_epi8(
				counts, equal(_mm_loadu_si128((const __m128i *)p), '\n'));
		}
		*newlines += sum_bytes(counts);
		if (hits)
			return scan_bytes(p, from, end, newlines);
	}
	return scan_bytes(p, from, end, newlines);
}

/* "+0x" */
static inline __m128i code(const char *p, __m128i bytes)
{
	__m128i second = _mm_loadu_si128((const __m128i *)(p + 1));
	__m128i third = _mm_loadu_si128((const __m128i *)(p + 2));

	return _mm_and_si128(
		_mm_and_si128(equal(bytes, '+'), equal(second, '0')), equal(third, 'x'));
}

static inline __m128i escapes(__m128i bytes)
{
	return _mm_or_si128(equal(bytes, '\\'), equal(bytes, '#'));
}

static inline unsigned mark_block(const char *p, const char *from, const char *end)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)p);
	int hits = _mm_movemask_epi8(trigrams(p));
	unsigned marks = 0;

	if (_mm_movemask_epi8(code(p, bytes)))
		marks |= OOM_MARK_CODE;

	while (hits && !is_anchor(p + __builtin_ctz(hits), from, end))
		hits &= hits - 1;
	if (hits)
		marks |= OOM_MARK_SPEAKS;
	if (_mm_movemask_epi8(escapes(bytes)))
		marks |= OOM_MARK_ESCAPE;
	if (_mm_movemask_epi8(equal(bytes, '[')))
		marks |= OOM_MARK_BRACKET;
	if (_mm_movemask_epi8(equal(bytes, '\n')))
		marks |= OOM_MARK_LINE_FEED;
	return marks;
}

unsigned oom_klog_marks(const char *from, const char *end)
{
	const char *p = from;
	unsigned marks = 0;

	if (end - from < BLOCK + 2)
		return mark_bytes(from, from, end);
	for (; end - p >= BLOCK + 2; p += BLOCK)
		marks |= mark_block(p, from, end);
	/* the last bytes once more together with what was seen: marks are not counted */
	marks |= mark_block(end - BLOCK - 2, from, end);
	return marks | mark_bytes(end - 2, from, end);
}

/* The last part of a line, shorter than a block and what is read behind it. */
static const char *line_tail(const char *p, const char *from, const char *end, unsigned *ret_marks)
{
	p = memchr(p, '\n', (size_t)(end - p));
	if (p)
		*ret_marks = oom_klog_marks(from, p);
	return p;
}

static const char *line_end(const char *from, const char *end, unsigned *ret_marks)
{
	unsigned marks = OOM_MARK_KNOWN;
	const char *p = from;

	for (; end - p >= BLOCK + 2; p += BLOCK) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)p);
		unsigned feeds = (unsigned)_mm_movemask_epi8(equal(bytes, '\n'));
		/* the places before the line feed; all of them without one */
		unsigned before = (feeds & -feeds) - 1;
		unsigned hits = (unsigned)_mm_movemask_epi8(trigrams(p)) & before;

		for (; hits; hits &= hits - 1)
			marks |=
				is_anchor(p + __builtin_ctz(hits), from, end) ? OOM_MARK_SPEAKS : 0;
		if ((unsigned)_mm_movemask_epi8(code(p, bytes)) & before)
			marks |= OOM_MARK_CODE;
		if ((unsigned)_mm_movemask_epi8(escapes(bytes)) & before)
			marks |= OOM_MARK_ESCAPE;
		if ((unsigned)_mm_movemask_epi8(equal(bytes, '[')) & before)
			marks |= OOM_MARK_BRACKET;
		if (feeds) {
			*ret_marks = marks;
			return p + __builtin_ctz(feeds);
		}
	}
	return line_tail(p, from, end, ret_marks);
}

#define WIDE	    32
#define WIDE_TARGET __attribute__((target("avx2")))

/* Each letter that is looked for, as often as it is compared at a time: made anew for every line, they
 * would cost as much as the line. */
#define EIGHT(c) c, c, c, c, c, c, c, c
#define WIDE_OF(c)                                                                                 \
	{                                                                                          \
		EIGHT(c), EIGHT(c), EIGHT(c), EIGHT(c)                                             \
	}
enum {
	OF_CASE,
	OF_I,
	OF_L,
	OF_N,
	OF_C,
	OF_O,
	OF_M,
	OF_FEED,
	OF_PLUS,
	OF_ZERO,
	OF_X,
	OF_BACKSLASH,
	OF_HASH,
	OF_BRACKET
};
static const char letters[][WIDE] __attribute__((aligned(WIDE))) = {
	[OF_CASE] = WIDE_OF(0x20),
	[OF_I] = WIDE_OF('i'),
	[OF_L] = WIDE_OF('l'),
	[OF_N] = WIDE_OF('n'),
	[OF_C] = WIDE_OF('c'),
	[OF_O] = WIDE_OF('o'),
	[OF_M] = WIDE_OF('m'),
	[OF_FEED] = WIDE_OF('\n'),
	[OF_PLUS] = WIDE_OF('+'),
	[OF_ZERO] = WIDE_OF('0'),
	[OF_X] = WIDE_OF('x'),
	[OF_BACKSLASH] = WIDE_OF('\\'),
	[OF_HASH] = WIDE_OF('#'),
	[OF_BRACKET] = WIDE_OF('['),
};

WIDE_TARGET static inline __m256i wide(int letter)
{
	return _mm256_load_si256((const __m256i *)letters[letter]);
}

WIDE_TARGET static inline __m256i equal_wide(__m256i bytes, int letter)
{
	return _mm256_cmpeq_epi8(bytes, wide(letter));
}

WIDE_TARGET static inline unsigned bits_of(__m256i bytes)
{
	return (unsigned)_mm256_movemask_epi8(bytes);
}

/* As trigrams(), of three loads that are there. */
WIDE_TARGET static inline __m256i trigrams_wide(__m256i first, __m256i second, __m256i third)
{
	__m256i a = _mm256_or_si256(first, wide(OF_CASE)),
		b = _mm256_or_si256(second, wide(OF_CASE));
	__m256i c = _mm256_or_si256(third, wide(OF_CASE));
	__m256i ill = _mm256_and_si256(equal_wide(a, OF_I), equal_wide(b, OF_L));
	__m256i nic = _mm256_and_si256(equal_wide(a, OF_N), equal_wide(b, OF_I));
	__m256i oom = _mm256_and_si256(equal_wide(a, OF_O), equal_wide(b, OF_O));

	ill = _mm256_and_si256(ill, equal_wide(c, OF_L));
	nic = _mm256_and_si256(nic, equal_wide(c, OF_C));
	oom = _mm256_and_si256(oom, equal_wide(c, OF_M));
	return _mm256_or_si256(_mm256_or_si256(ill, nic), oom);
}

/* line_end() with twice as much at a time, which nearly every processor can. */
WIDE_TARGET static const char *line_end_wide(const char *from, const char *end, unsigned *ret_marks)
{
	unsigned marks = OOM_MARK_KNOWN, brackets = 0;
	const char *p = from;

	for (; end - p >= WIDE + 2; p += WIDE) {
		__m256i bytes = _mm256_loadu_si256((const __m256i *)p);
		__m256i second = _mm256_loadu_si256((const __m256i *)(p + 1));
		__m256i third = _mm256_loadu_si256((const __m256i *)(p + 2));
		unsigned feeds = bits_of(equal_wide(bytes, OF_FEED));
		unsigned before = (feeds & -feeds) - 1;
		__m256i words = trigrams_wide(bytes, second, third);
		__m256i hex =
			_mm256_and_si256(equal_wide(bytes, OF_PLUS), equal_wide(second, OF_ZERO));
		__m256i escape = _mm256_or_si256(
			equal_wide(bytes, OF_BACKSLASH), equal_wide(bytes, OF_HASH));

		hex = _mm256_and_si256(hex, equal_wide(third, OF_X));
		brackets |= bits_of(equal_wide(bytes, OF_BRACKET)) & before;
		/* most blocks have none of these */
		if (bits_of(_mm256_or_si256(words, _mm256_or_si256(hex, escape))) & before) {
			for (unsigned hits = bits_of(words) & before; hits; hits &= hits - 1)
				marks |= is_anchor(p + __builtin_ctz(hits), from, end)
					? OOM_MARK_SPEAKS
					: 0;
			marks |= bits_of(hex) & before ? OOM_MARK_CODE : 0;
			marks |= bits_of(escape) & before ? OOM_MARK_ESCAPE : 0;
		}
		if (feeds) {
			*ret_marks = marks | (brackets ? OOM_MARK_BRACKET : 0);
			return p + __builtin_ctz(feeds);
		}
	}
	return line_tail(p, from, end, ret_marks);
}

const char *oom_klog_line_end(const char *from, const char *end, unsigned *ret_marks)
{
	return __builtin_cpu_supports("avx2") ? line_end_wide(from, end, ret_marks)
					      : line_end(from, end, ret_marks);
}

int64_t oom_klog_count_lines(const char *from, const char *end)
{
	int64_t lines = 0;

	while (end - from >= BLOCK) {
		ptrdiff_t blocks = (end - from) / BLOCK;
		const char *stop = from + BLOCK * (blocks < 255 ? blocks : 255);
		__m128i counts = _mm_setzero_si128();

		for (; from < stop; from += BLOCK)
			counts = _mm_sub_epi8(
				counts, equal(_mm_loadu_si128((const __m128i *)from), '\n'));
		lines += sum_bytes(counts);
	}
	for (; from < end; from++)
		lines += *from == '\n';
	return lines;
}
#else
unsigned oom_klog_marks(const char *from, const char *end)
{
	return mark_bytes(from, from, end);
}

const char *oom_klog_line_end(const char *from, const char *end, unsigned *ret_marks)
{
	const char *feed = memchr(from, '\n', (size_t)(end - from));

	if (feed)
		*ret_marks = mark_bytes(from, from, feed);
	return feed;
}

const char *oom_klog_scan(const char *from, const char *end, int64_t *newlines)
{
	return scan_bytes(from, from, end, newlines);
}

int64_t oom_klog_count_lines(const char *from, const char *end)
{
	int64_t lines = 0;

	for (; from < end; from++)
		lines += *from == '\n';
	return lines;
}
#endif
