/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_FIELD_H
#define OOM_RECORD_FIELD_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <jansson.h>
#include <stddef.h>

/*
 * The scalar fields of a record as a table: one row is written and read by the same type, so that
 * the two directions cannot drift apart. For lib/record_json*.c.
 */
enum oom_field_type {
	OOM_F_TEXT, /* const char *: NULL is null */
	OOM_F_INT, /* int64_t: -1 is null */
	OOM_F_BOOL, /* bool */
	OOM_F_KILLER, /* the enums, by name */
	OOM_F_END,
	OOM_F_VERDICT,
	OOM_F_STATE
};

struct oom_field {
	const char *name; /* NULL at the end of a table */
	enum oom_field_type type;
	size_t offset; /* in the struct */
};

/* A string, and a key, of any bytes: see oom_attempt_to_json(). NULL is null. */
json_t *oom_json_text(const char *text);
int oom_json_set_keyed(json_t *object, const char *key, json_t *value_taken);

/* Sets the fields of @record in @object; 0 or -ENOMEM. */
int oom_fields_to_json(const struct oom_field *fields, const void *record, json_t *object);
/* A new object of them; NULL without memory. */
json_t *oom_fields_object(const struct oom_field *fields, const void *record);
/* Reads them; what is null or missing stays as it is. @what names the object in messages. */
int oom_fields_from_json(const struct oom_field *fields, struct oom_arena *arena,
	const json_t *object, const char *what, struct oom_err *err, void *record);
/* The member @key as an array or object; NULL where it is null or missing, -EBADMSG otherwise. */
int oom_json_member(
	const json_t *object, const char *key, json_type type, struct oom_err *err, json_t **ret);

#endif
