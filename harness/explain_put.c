// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers, strings and rows as JSON: no tree, no format strings, for a log may hold millions. */
#include "harness/explain_put.h"

#include "lib/utf8.h"

#include <errno.h>
#include <unistd.h>

void json_drain(struct explain_writer *w)
{
	size_t done = 0;

	while (!w->rc && done < w->len) {
		ssize_t n = write(fileno(w->out), w->buf + done, w->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			w->rc = -errno;
	}
	w->len = 0;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* What a number is written with, and how long it is at most. */
#define INT_BYTES 24

/* Writes @value at @to, where a sign and INT_BYTES have room; returns its end. */
static inline char *append_int(char *to, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char digits[2 * INT_BYTES];
	size_t n = INT_BYTES;

	if (value < 0)
		*to++ = '-';
	if (rest < 10) {
		*to++ = (char)('0' + rest);
		return to;
	}
	for (; rest > UINT32_MAX; rest /= 100) {
		n -= 2;
		memcpy(digits + n, pairs + rest % 100 * 2, 2);
	}
	for (uint32_t less = (uint32_t)rest; less; less /= 100) {
		n -= 2;
		memcpy(digits + n, pairs + less % 100 * 2, 2);
	}
	n += digits[n] == '0';
	memcpy(to, digits + n, INT_BYTES);
	return to + INT_BYTES - n;
}

void json_put_int(struct explain_writer *w, int64_t value)
{
	room(w, SLACK);
	w->len = (size_t)(append_int(w->buf + w->len, value) - w->buf);
}

/* One character that cannot stand for itself; returns its length in @text. */
static size_t put_special(struct explain_writer *w, const char *text, size_t len)
{
	unsigned char c = (unsigned char)*text;
	size_t n;

	if (c == '"' || c == '\\') {
		w->buf[w->len++] = '\\';
		w->buf[w->len++] = (char)c;
		return 1;
	}
	if (c < 0x20 || c == 0x7f) {
		w->len += (size_t)sprintf(w->buf + w->len, "\\u%04x", c);
		return 1;
	}
	n = oom_utf8_len(text, len);
	if (n)
		memcpy(w->buf + w->len, text, n);
	else
		memcpy(w->buf + w->len, "\xef\xbf\xbd", 3);
	w->len += n ? n : 3;
	return n ? n : 1;
}

static inline bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_put_text(struct explain_writer *w, const char *text)
{
	const char *p = text;

	if (!text) {
		PUT(w, "null");
		return;
	}
	PUT(w, "\"");
	while (*p) {
		char *to;

		room(w, SLACK);
		to = w->buf + w->len;
		for (size_t i = 0; i < SLACK && is_plain((unsigned char)*p); i++)
			*to++ = *p++;
		w->len = (size_t)(to - w->buf);
		if (*p && !is_plain((unsigned char)*p)) {
			room(w, SLACK);
			p += put_special(w, p, strnlen(p, 4));
		}
	}
	PUT(w, "\"");
}

void json_put_key(struct explain_writer *w, const char *name)
{
	room(w, SLACK);
	w->buf[w->len++] = '"';
	put(w, name, strlen(name));
	w->buf[w->len++] = '"';
	w->buf[w->len++] = ':';
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
	char comma = '{';

	for (const struct oom_field *field = oom_task_fields; field->name; field++) {
		char *to;

		if (field->type == OOM_FIELD_TEXT ? !oom_field_text(field, task)
						  : oom_field_int(field, task) == field->none)
			continue;
		room(w, SLACK);
		to = w->buf + w->len;
		*to++ = comma;
		comma = ',';
		memcpy(to, field->key, OOM_FIELD_KEY);
		to += field->key_len;
		if (field->type == OOM_FIELD_INT)
			to = append_int(to, oom_field_int(field, task));
		w->len = (size_t)(to - w->buf);
		if (field->type == OOM_FIELD_TEXT)
			json_put_text(w, oom_field_text(field, task));
	}
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
