// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers, strings and rows as JSON: no tree, no format strings, for a log may hold millions. */
#include "harness/explain/put.h"

#include "lib/base/escape.h"
#include "lib/base/utf8.h"

#include <endian.h>
#include <errno.h>
#include <unistd.h>

void json_drain(struct explain_writer *w)
{
	size_t done = 0;

	if (w->part) {
		explain_part_add(w->part, w->buf, w->len);
		w->rc = w->part->rc;
		done = w->len;
	}
	while (!w->rc && done < w->len) {
		ssize_t n = write(fileno(w->out), w->buf + done, w->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			w->rc = -errno;
	}
	w->len = 0;
}

void json_put_block(struct explain_writer *w, const char *text)
{
	json_drain(w);
	memcpy(w->buf, text, sizeof(w->buf));
	w->len = sizeof(w->buf);
}

#define EIGHT_DIGITS 100000000

/* The digits of @value (below 10^8), the first in the lowest byte: all eight at once, in a register. */
static inline uint64_t eight_digits(uint32_t value)
{
	uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
	uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x7f0000007f);
	uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return tens | (twos - tens * 10) << 8;
}

static inline char *put_eight(char *to, uint64_t digits)
{
	digits = htole64(digits | UINT64_C(0x3030303030303030));
	memcpy(to, &digits, 8);
	return to + 8;
}

/* @value is from 1 to 10^8 - 1. */
static inline char *put_short(char *to, uint32_t value)
{
	uint64_t digits = eight_digits(value);
	int zeros = __builtin_ctzll(digits) / 8;

	put_eight(to, digits >> 8 * zeros);
	return to + 8 - zeros;
}

/* Writes @value at @to, where SLACK bytes have room; returns its end. */
static inline char *append_int(char *to, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, above;

	if (value < 0)
		*to++ = '-';
	if (rest < 10) {
		*to++ = (char)('0' + rest);
		return to;
	}
	if (rest < EIGHT_DIGITS)
		return put_short(to, (uint32_t)rest);
	above = rest / EIGHT_DIGITS;
	if (above < EIGHT_DIGITS) {
		to = put_short(to, (uint32_t)above);
	} else {
		to = put_short(to, (uint32_t)(above / EIGHT_DIGITS));
		to = put_eight(to, eight_digits((uint32_t)(above % EIGHT_DIGITS)));
	}
	return put_eight(to, eight_digits((uint32_t)(rest % EIGHT_DIGITS)));
}

void json_put_int(struct explain_writer *w, int64_t value)
{
	room(w, SLACK);
	w->len = (size_t)(append_int(w->buf + w->len, value) - w->buf);
}

/* What no terminal should get, as JSON's escape, which loses nothing: of UTF-16, two beyond U+FFFF. */
static void put_unit(struct explain_writer *w, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";

	put(w, "\\u", 2);
	for (int shift = 12; shift >= 0; shift -= 4)
		w->buf[w->len++] = digits[unit >> shift & 15];
}

static void put_codepoint(struct explain_writer *w, uint32_t cp)
{
	if (cp > 0xffff)
		put_unit(w, 0xd800 + ((cp - 0x10000) >> 10));
	put_unit(w, cp > 0xffff ? 0xdc00 + (cp & 0x3ff) : cp);
}

/* One character that cannot stand for itself, where SLACK bytes have room; returns its length in @text. */
static size_t put_special(struct explain_writer *w, const char *text, size_t len)
{
	unsigned char c = (unsigned char)*text;
	uint32_t cp = 0;
	size_t n;

	if (c == '"' || c == '\\') {
		w->buf[w->len++] = '\\';
		w->buf[w->len++] = (char)c;
		return 1;
	}
	if (c < 0x20 || c == 0x7f || oom_begins_command(text, len)) {
		put_unit(w, c);
		return 1;
	}
	n = oom_utf8_len(text, len);
	if (n)
		oom_utf8_decode(text, &cp);
	if (n && oom_codepoint_is_harmful(cp))
		put_codepoint(w, cp);
	else if (n)
		memcpy(w->buf + w->len, text, n);
	else
		memcpy(w->buf + w->len, "\xef\xbf\xbd", 3);
	w->len += !n ? 3 : oom_codepoint_is_harmful(cp) ? 0 : n;
	return n ? n : 1;
}

/* Characters that stand for themselves; the NUL does not, nor what may begin a command. */
static const bool plain[256] = {[' '] = true,
	['!'] = true,
	['$' ... ';'] = true,
	['=' ... '['] = true,
	[']' ... '~'] = true};

void json_put_text(struct explain_writer *w, const char *text)
{
	const char *p = text;

	if (!text) {
		PUT(w, "null");
		return;
	}
	PUT(w, "\"");
	while (*p) {
		const char *from = p, *stop = p + SLACK;
		char *to;

		room(w, SLACK);
		to = w->buf + w->len;
		while (p < stop && plain[(unsigned char)*p])
			*to++ = *p++;
		w->len += (size_t)(p - from);
		if (*p && !plain[(unsigned char)*p]) {
			room(w, SLACK);
			p += put_special(w, p, strnlen(p, OOM_COMMAND_BYTES));
		}
	}
	PUT(w, "\"");
}

void json_put_key(struct explain_writer *w, const char *name)
{
	PUT(w, "\"");
	put(w, name, strlen(name));
	PUT(w, "\":");
}

void json_put_fields(struct explain_writer *w, const struct oom_field *field, const void *object)
{
	bool any = false;

	for (; field->name; field++) {
		bool text = field->type == OOM_FIELD_TEXT;
		bool none = text ? !oom_field_text(field, object)
				 : oom_field_int(field, object) == field->none;

		room(w, SLACK);
		if (any)
			w->buf[w->len++] = ',';
		any = true;
		memcpy(w->buf + w->len, field->key, OOM_FIELD_KEY);
		w->len += field->key_len;
		if (none)
			PUT(w, "null");
		else if (text)
			json_put_text(w, oom_field_text(field, object));
		else
			json_put_int(w, oom_field_int(field, object));
	}
}

/* A row of a table, without what is null: in thousands the missing columns are the same in all. */
static void put_task(struct explain_writer *w, const struct oom_task *task)
{
	char comma = '{', *to;

	room(w, ROW_BYTES);
	to = w->buf + w->len;
	for (const struct oom_field *field = oom_task_fields; field->name; field++) {
		const char *text = oom_field_text(field, task);

		if (field->type == OOM_FIELD_TEXT ? !text
						  : oom_field_int(field, task) == field->none)
			continue;
		*to++ = comma;
		comma = ',';
		memcpy(to, field->key, OOM_FIELD_KEY);
		to += field->key_len;
		if (field->type == OOM_FIELD_INT) {
			to = append_int(to, oom_field_int(field, task));
			continue;
		}
		w->len = (size_t)(to - w->buf);
		json_put_text(w, text);
		room(w, ROW_BYTES);
		to = w->buf + w->len;
	}
	w->len = (size_t)(to - w->buf);
	if (comma == '{')
		PUT(w, "{");
	PUT(w, "}");
}

void json_put_tasks(struct explain_writer *w, const struct oom_task *tasks, size_t count)
{
	PUT(w, "[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			PUT(w, ",");
		put_task(w, tasks + i);
	}
	PUT(w, "]");
}
