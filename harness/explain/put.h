/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_PUT_H
#define OOM_EXPLAIN_PUT_H

#include "harness/explain/explain.h"
#include "lib/record/kill_fields.h"

#include <string.h>

/* JSON, appended to a buffer: for the two files of the JSON form alone. */

/* Room for what is put without asking: a number, a key, an escaped character. */
#define SLACK 64
_Static_assert(
	OOM_FIELD_KEY + sizeof(",-9223372036854775808") <= SLACK, "a key and its number have room");

/* Room for the fields of a task, but for its texts. */
#define ROW_BYTES 1024

struct explain_writer {
	FILE *out;
	struct explain_part *part; /* in place of .out */
	int rc;
	bool any;
	size_t len;
	char buf[64 * 1024];
};

/* Writes out what is held, after which nothing is; .rc is set when that fails. */
void json_drain(struct explain_writer *w);
/* As many bytes of @text as the buffer holds. */
void json_put_block(struct explain_writer *w, const char *text);
void json_put_int(struct explain_writer *w, int64_t value);
/* A string, or null: escaped, and UTF-8 whatever the bytes are. */
void json_put_text(struct explain_writer *w, const char *text);
void json_put_key(struct explain_writer *w, const char *name);
/* "key":value pairs, with null for what is not known. */
void json_put_fields(struct explain_writer *w, const struct oom_field *field, const void *object);
/* An array of objects, in which what is not known is left out. */
void json_put_tasks(struct explain_writer *w, const struct oom_task *tasks, size_t count);

/* Makes room for @len bytes, which are fewer than the buffer has: those that the writer itself knows. */
static inline void room(struct explain_writer *w, size_t len)
{
	if (len > sizeof(w->buf) - w->len)
		json_drain(w);
}

/* Bytes of any length. */
static inline void put(struct explain_writer *w, const char *text, size_t len)
{
	for (; len > sizeof(w->buf); text += sizeof(w->buf), len -= sizeof(w->buf))
		json_put_block(w, text);
	room(w, len);
	memcpy(w->buf + w->len, text, len);
	w->len += len;
}

#define PUT(w, literal) put(w, literal, sizeof(literal) - 1)

#endif
