// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/field.h"
#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"
#include "lib/record/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

json_t *oom_json_text(const char *text)
{
	oom_autofree char *escaped = NULL;
	json_t *json;
	struct oom_bounded out;
	size_t size;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	size = 4 * strlen(text) + 1;
	escaped = malloc(size);
	if (!escaped)
		return NULL;
	out = oom_bounded_in(escaped, size);
	for (const unsigned char *in = (const unsigned char *)text; *in; in++) {
		if (*in < 0x80)
			oom_bounded_char(&out, (char)*in);
		else
			oom_bounded_printf(&out, "\\x%02x", *in);
	}
	return json_string(escaped);
}

int oom_json_set_keyed(json_t *object, const char *key, json_t *value_taken)
{
	json_t *name = oom_json_text(key ? key : "");
	int r;

	if (!name) {
		json_decref(value_taken);
		return -ENOMEM;
	}
	r = json_object_set_new(object, json_string_value(name), value_taken);
	json_decref(name);
	return r ? -ENOMEM : 0;
}

static json_t *field_to_json(enum oom_field_type type, const void *at)
{
	switch (type) {
	case OOM_F_TEXT:
		return oom_json_text(*(const char *const *)at);
	case OOM_F_INT:
		return *(const int64_t *)at == -1 ? json_null()
						  : json_integer(*(const int64_t *)at);
	case OOM_F_BOOL:
		return json_boolean(*(const bool *)at);
	case OOM_F_KILLER:
		return json_string(oom_killer_name(*(const enum oom_killer *)at));
	case OOM_F_END:
		return json_string(oom_end_name(*(const enum oom_end *)at));
	case OOM_F_VERDICT:
		return json_string(oom_verdict_name(*(const enum oom_verdict *)at));
	case OOM_F_STATE:
		return json_string(oom_source_state_name(*(const enum oom_source_state *)at));
	}
	return NULL;
}

int oom_fields_to_json(const struct oom_field *fields, const void *record, json_t *object)
{
	for (const struct oom_field *field = fields; field->name; field++) {
		const char *at = (const char *)record + field->offset;

		if (json_object_set_new(object, field->name, field_to_json(field->type, at)))
			return -ENOMEM;
	}
	return 0;
}

json_t *oom_fields_object(const struct oom_field *fields, const void *record)
{
	json_t *object = json_object();

	if (object && oom_fields_to_json(fields, record, object) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int read_text(struct oom_arena *arena, const json_t *json, void *at)
{
	char *copy;

	if (!json_is_string(json))
		return -EBADMSG;
	copy = oom_arena_strdup(arena, json_string_value(json));
	if (!copy)
		return -ENOMEM;
	*(const char **)at = copy;
	return 0;
}

/* An enum of @type by name; in all of them COUNT_ stands for "none of that name". */
static int read_name(enum oom_field_type type, const char *name, void *at)
{
	enum oom_killer killer = OOM_KILLER_COUNT_;
	enum oom_end end = OOM_END_COUNT_;
	enum oom_verdict verdict = OOM_VERDICT_COUNT_;
	enum oom_source_state state = OOM_SOURCE_COUNT_;

	if (!name)
		return -EBADMSG;
	if (type == OOM_F_KILLER && (killer = oom_killer_from_name(name)) < OOM_KILLER_COUNT_)
		*(enum oom_killer *)at = killer;
	else if (type == OOM_F_END && (end = oom_end_from_name(name)) < OOM_END_COUNT_)
		*(enum oom_end *)at = end;
	else if (type == OOM_F_VERDICT &&
		(verdict = oom_verdict_from_name(name)) < OOM_VERDICT_COUNT_)
		*(enum oom_verdict *)at = verdict;
	else if (type == OOM_F_STATE &&
		(state = oom_source_state_from_name(name)) < OOM_SOURCE_COUNT_)
		*(enum oom_source_state *)at = state;
	else
		return -EBADMSG;
	return 0;
}

static int field_from_json(
	enum oom_field_type type, struct oom_arena *arena, const json_t *json, void *at)
{
	switch (type) {
	case OOM_F_TEXT:
		return read_text(arena, json, at);
	case OOM_F_INT:
		if (!json_is_integer(json))
			return -EBADMSG;
		*(int64_t *)at = json_integer_value(json);
		return 0;
	case OOM_F_BOOL:
		if (!json_is_boolean(json))
			return -EBADMSG;
		*(bool *)at = json_is_true(json);
		return 0;
	case OOM_F_KILLER:
	case OOM_F_END:
	case OOM_F_VERDICT:
	case OOM_F_STATE:
		return read_name(type, json_string_value(json), at);
	}
	return -EBADMSG;
}

int oom_fields_from_json(const struct oom_field *fields, struct oom_arena *arena,
	const json_t *object, const char *what, struct oom_err *err, void *record)
{
	static const char *const wanted[] = {
		[OOM_F_TEXT] = "a string",
		[OOM_F_INT] = "a whole number",
		[OOM_F_BOOL] = "true or false",
		[OOM_F_KILLER] = "a killer's name",
		[OOM_F_END] = "an end's name",
		[OOM_F_VERDICT] = "a verdict",
		[OOM_F_STATE] = "a source's state",
	};

	if (!json_is_object(object))
		return oom_err_set(err, EBADMSG, "'%s' is not a JSON object", what);
	for (const struct oom_field *field = fields; field->name; field++) {
		const json_t *json = json_object_get(object, field->name);
		int r;

		if (!json || json_is_null(json))
			continue;
		r = field_from_json(field->type, arena, json, (char *)record + field->offset);
		if (r == -ENOMEM)
			return oom_err_set(err, ENOMEM, "out of memory reading '%s'", what);
		if (r < 0)
			return oom_err_set(err, EBADMSG, "field '%s' of '%s' is not %s or null",
				field->name, what, wanted[field->type]);
	}
	return 0;
}

int oom_json_member(
	const json_t *object, const char *key, json_type type, struct oom_err *err, json_t **ret)
{
	json_t *member = json_object_get(object, key);

	if (member && !json_is_null(member) && json_typeof(member) != type)
		return oom_err_set(err, EBADMSG, "field '%s' is not %s", key,
			type == JSON_ARRAY ? "an array" : "an object");
	*ret = member && !json_is_null(member) ? member : NULL;
	return 0;
}
