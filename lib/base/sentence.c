// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/sentence.h"
#include "lib/base/bounded.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char dots[] = "…";
enum {
	DOTS = sizeof(dots) - 1,
	WORD_MIN = 24, /* less of a word says nothing */
	PRECISION_MIN = 8, /* a precision below is no bound for a name */
	SPEC_MAX = 16
};

/* Where the sentence goes; what does not fit is counted only. */
struct out {
	char *buf;
	size_t size, len;
	size_t cap; /* no word takes more bytes */
};

/* va_list is an array on some machines: this can be handed on. */
struct args {
	va_list list;
};

static void put(struct out *out, const char *text, size_t len)
{
	if (out->len + 1 < out->size) {
		size_t room = out->size - 1 - out->len;

		memcpy(out->buf + out->len, text, len < room ? len : room);
	}
	out->len += len;
}

static bool is_inner(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The first @len bytes at most, whole characters. */
static size_t whole(const char *text, size_t len)
{
	while (len && is_inner(text[len]))
		len--;
	return len;
}

/* Both ends of a word of @len bytes in @cap; of a text, from blank to blank where one is near. */
static void put_ends(struct out *out, const char *text, size_t len, size_t cap)
{
	size_t head = whole(text, (cap - DOTS + 1) / 2), tail = len - (cap - DOTS) / 2;
	size_t blank = head, next;

	while (tail < len && is_inner(text[tail]))
		tail++;
	while (blank > head / 2 && text[blank - 1] != ' ')
		blank--;
	if (blank > head / 2)
		head = blank;
	next = tail;
	while (next < len && text[next] != ' ')
		next++;
	if (next - tail < (len - tail) / 2)
		tail = next;
	put(out, text, head);
	put(out, dots, DOTS);
	put(out, text + tail, len - tail);
}

static void put_word(struct out *out, const char *text, size_t len, size_t cap)
{
	if (cap > out->cap)
		cap = out->cap;
	if (len <= cap)
		put(out, text, len);
	else if (cap < PRECISION_MIN)
		put(out, text, whole(text, cap));
	else
		put_ends(out, text, len, cap);
}

/* One conversion: "%-8.3lld" */
struct spec {
	char text[SPEC_MAX]; /* without '*' */
	int precision; /* -1: none */
	bool is_exact; /* the precision is the word's length: %.*s */
	int longs; /* of l and ll; z and j are as long */
	char conversion;
};

/* Reads the one at *@fmt, a '%', and its '*'; moves *@fmt behind it. */
static void spec_read(const char **fmt, struct args *args, struct spec *ret)
{
	struct spec spec = {.precision = -1};
	size_t len = 0;
	const char *p = *fmt;

	do {
		if (*p == '.')
			spec.precision = 0;
		if (*p == '*') {
			struct oom_bounded digits = oom_bounded_in(spec.text + len, SPEC_MAX - len);
			int number = va_arg(args->list, int);

			if (spec.precision == 0) {
				spec.precision = number;
				spec.is_exact = true;
			}
			oom_bounded_printf(&digits, "%d", number);
			len += digits.len;
		} else if (len + 2 < SPEC_MAX) {
			spec.text[len++] = *p;
		}
		if (spec.precision >= 0 && !spec.is_exact && *p >= '0' && *p <= '9')
			spec.precision = spec.precision * 10 + (*p - '0');
		spec.longs += *p == 'l' || *p == 'z' || *p == 'j';
		p++;
	} while (*p && strchr("#0123456789-+ .*hlzj", *p));
	spec.conversion = *p;
	if (*p && len + 1 < SPEC_MAX)
		spec.text[len++] = *p++;
	*fmt = p;
	*ret = spec;
}

static void put_number(struct out *out, const struct spec *spec, struct args *args)
{
	char text[64];
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	switch (spec->conversion) {
	case 'f':
	case 'g':
		n = snprintf(text, sizeof(text), spec->text, va_arg(args->list, double));
		break;
	case 'p':
		n = snprintf(text, sizeof(text), spec->text, va_arg(args->list, void *));
		break;
	default:
		if (spec->longs > 1)
			n = snprintf(text, sizeof(text), spec->text, va_arg(args->list, long long));
		else if (spec->longs)
			n = snprintf(text, sizeof(text), spec->text, va_arg(args->list, long));
		else
			n = snprintf(text, sizeof(text), spec->text, va_arg(args->list, int));
		break;
	}
#pragma GCC diagnostic pop
	if (n > 0)
		put(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_string(struct out *out, const struct spec *spec, struct args *args)
{
	const char *text = va_arg(args->list, const char *);
	size_t cap = spec->precision >= 0 && !spec->is_exact ? (size_t)spec->precision : SIZE_MAX;
	size_t max = spec->is_exact && spec->precision >= 0 ? (size_t)spec->precision : SIZE_MAX;

	if (!text)
		text = "(null)";
	put_word(out, text, max == SIZE_MAX ? strlen(text) : strnlen(text, max), cap);
}

static void put_all(struct out *out, const char *fmt, struct args *args, int code)
{
	out->len = 0;
	while (*fmt) {
		size_t plain = strcspn(fmt, "%");
		struct spec spec;

		put(out, fmt, plain);
		fmt += plain;
		if (!*fmt)
			break;
		spec_read(&fmt, args, &spec);
		if (spec.conversion == 's')
			put_string(out, &spec, args);
		else if (spec.conversion == '%')
			put(out, "%", 1);
		else if (spec.conversion == 'm')
			put_word(out, strerror(code), strlen(strerror(code)), SIZE_MAX);
		else
			put_number(out, &spec, args);
	}
	if (out->size)
		out->buf[out->len < out->size ? out->len : out->size - 1] = '\0';
}

/* Ends the full buffer behind a word. */
static void cut(char *buf, size_t size)
{
	size_t len = whole(buf, size > DOTS ? size - 1 - DOTS : 0), blank = len;

	while (blank && buf[blank] != ' ')
		blank--;
	if (blank > len / 2)
		len = blank;
	if (size > DOTS)
		memcpy(buf + len, dots, DOTS + 1);
}

void oom_sentence_vformat(char *buf, size_t size, const char *fmt, va_list list)
{
	size_t low = WORD_MIN, high = size;
	struct out out = {.buf = buf, .size = size, .cap = SIZE_MAX};
	int code = errno;
	struct args args;

	if (!size)
		return;
	va_copy(args.list, list);
	put_all(&out, fmt, &args, code);
	va_end(args.list);
	if (out.len < size)
		return;
	while (high > low + 1) { /* the longest words that fit: @low does, or is the least */
		out.cap = low + (high - low) / 2;
		va_copy(args.list, list);
		put_all(&out, fmt, &args, code);
		va_end(args.list);
		if (out.len < size)
			low = out.cap;
		else
			high = out.cap;
	}
	out.cap = low;
	va_copy(args.list, list);
	put_all(&out, fmt, &args, code);
	va_end(args.list);
	if (out.len >= size)
		cut(buf, size);
}

void oom_sentence_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	oom_sentence_vformat(buf, size, fmt, args);
	va_end(args);
}
