/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_TEXT_H
#define OOM_KLOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of somebody else's text, without a NUL; .at NULL: none. */
struct oom_span {
	const char *at;
	size_t len;
};

/* A string literal as a span. */
#define OOM_SPAN(literal) ((struct oom_span){(literal), sizeof(literal) - 1})

static inline struct oom_span oom_span_from(struct oom_span s, size_t offset)
{
	return offset > s.len ? (struct oom_span){s.at + s.len, 0}
			      : (struct oom_span){s.at + offset, s.len - offset};
}

static inline bool oom_span_starts(struct oom_span s, struct oom_span with)
{
	return s.len >= with.len && !memcmp(s.at, with.at, with.len);
}

static inline bool oom_span_is(struct oom_span s, struct oom_span other)
{
	return s.len == other.len && !memcmp(s.at, other.at, other.len);
}

/* Drops @with from the front of @s when it is there. */
static inline bool oom_span_skip(struct oom_span *s, struct oom_span with)
{
	if (!oom_span_starts(*s, with))
		return false;
	*s = oom_span_from(*s, with.len);
	return true;
}

static inline bool oom_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool oom_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline void oom_span_skip_blanks(struct oom_span *s)
{
	while (s->len && oom_is_blank(*s->at)) {
		s->at++;
		s->len--;
	}
}

static inline void oom_span_trim_end(struct oom_span *s)
{
	while (s->len && oom_is_blank(s->at[s->len - 1]))
		s->len--;
}

/* Where @what begins in @s, or -1. For lines: memmem(3) prepares itself for longer texts. */
static inline ptrdiff_t oom_span_find(struct oom_span s, struct oom_span what)
{
	for (size_t i = 0; i + what.len <= s.len; i++) {
		const char *hit = memchr(s.at + i, what.at[0], s.len - i - what.len + 1);

		if (!hit)
			return -1;
		if (!memcmp(hit, what.at, what.len))
			return hit - s.at;
		i = (size_t)(hit - s.at);
	}
	return -1;
}

/* Where @what begins for the last time in @s, or -1. */
ptrdiff_t oom_span_find_last(struct oom_span s, struct oom_span what);
/* The same, letters of any case. */
ptrdiff_t oom_span_find_nocase(struct oom_span s, struct oom_span what);

/* Takes digits off the front of @s; false, and nothing taken, without one, or beyond UINT64_MAX. */
bool oom_span_take_uint(struct oom_span *s, uint64_t *ret);
/* The number that @s is: digits alone, to its end, up to INT64_MAX. */
bool oom_span_is_number(struct oom_span s, int64_t *ret);

/*
 * Takes a decimal number (with a sign where there is one) off the front of @s. A number that does
 * not fit int64_t is taken, too, and false is returned: the log says something, but not a number.
 */
bool oom_span_take_int(struct oom_span *s, int64_t *ret);
/* The same for "0x1f" and "1f". */
bool oom_span_take_hex(struct oom_span *s, int64_t *ret);
/* "12345.678901" with blanks before it, in µs: up to some 146,000 years. What is finer is passed over. */
bool oom_span_take_seconds(struct oom_span *s, int64_t *ret_us);

/*
 * Undoes what loggers do to non-printable bytes: "\x0a" (the kernel, dmesg) and "#012" (rsyslog).
 * Only /dev/kmsg escapes every byte that way, the backslash too (@all); in other text "\x2d" is a
 * part of a unit's name, and only control characters are escapes. @dst holds s.len bytes and may be
 * s.at; returns the length.
 */
size_t oom_text_unescape(char *dst, struct oom_span s, bool all);

/* How long the control character or the escape sequence at the front of @s is (s.len > 0). */
size_t oom_text_control_len(struct oom_span s);
/* @s without escape sequences; @dst holds s.len bytes. The length. */
size_t oom_text_uncolour(char *dst, struct oom_span s);
/* Is @s the mark that a pager or a page puts where it cut a line: ">", "…"? */
static inline bool oom_span_is_cut(struct oom_span s)
{
	return oom_span_is(s, OOM_SPAN(">")) || oom_span_is(s, OOM_SPAN("\xe2\x80\xa6"));
}

/* Takes what stands before @mark, and the mark, off @s; false, and nothing done, without a mark. */
bool oom_span_take_until(struct oom_span *s, struct oom_span mark, struct oom_span *ret);

#endif
