// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/kill.h"

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/record/kill_fields.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Process names are bytes; JSON is UTF-8. */
static json_t *text_to_json(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	oom_autofree char *clean = NULL;

	if (!text)
		return json_null();
	clean = malloc(3 * len + 1);
	if (!clean)
		return NULL;
	return json_stringn(clean, oom_utf8_clean(clean, text, len));
}

static json_t *int_to_json(int64_t value, int64_t none)
{
	return value == none ? json_null() : json_integer(value);
}

static int fields_to_json(json_t *object, const struct oom_field *field, const void *from)
{
	for (; field->name; field++) {
		json_t *value = field->type == OOM_FIELD_TEXT
			? text_to_json(oom_field_text(field, from))
			: int_to_json(oom_field_int(field, from), field->none);

		if (json_object_set_new_nocheck(object, field->name, value))
			return -ENOMEM;
	}
	return 0;
}

static json_t *task_to_json(const struct oom_task *task)
{
	json_t *object = json_object();

	if (object && fields_to_json(object, oom_task_fields, task)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *tasks_to_json(const struct oom_task *tasks, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++) {
		if (json_array_append_new(array, task_to_json(tasks + i))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* {"comm":…,"pid":…}, or null where neither is known */
static json_t *process_to_json(const char *comm, int64_t pid)
{
	json_t *object;

	if (!comm && pid < 0)
		return json_null();
	object = json_object();
	if (object &&
		(json_object_set_new_nocheck(object, "comm", text_to_json(comm)) ||
			json_object_set_new_nocheck(object, "pid", int_to_json(pid, -1)))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *gfp_to_json(int64_t gfp_mask)
{
	char text[24];

	if (gfp_mask < 0)
		return json_null();
	snprintf(text, sizeof(text), "0x%" PRIx64, gfp_mask);
	return json_string(text);
}

json_t *oom_kill_to_json(const struct oom_kill *kill)
{
	json_t *object = json_object();
	struct {
		const char *name;
		json_t *value;
	} const parts[] = {
		{"killer", json_string(oom_killer_name(kill->killer))},
		{"constraint", json_string(oom_constraint_name(kill->constraint))},
		{"victim", task_to_json(&kill->victim)},
		{"invoker", process_to_json(kill->invoker_comm, kill->invoker_pid)},
		{"gfp_mask", gfp_to_json(kill->gfp_mask)},
		{"oom_group", json_boolean(kill->oom_group)},
		{"chosen", process_to_json(kill->chosen_comm, kill->chosen_pid)},
		{"tasks", tasks_to_json(kill->tasks, kill->n_tasks)},
		{"ranking", tasks_to_json(kill->ranking, kill->n_ranking)},
	};
	int rc = object ? fields_to_json(object, oom_kill_fields, kill) : -ENOMEM;

	/* each value is handed over in any case: set_new takes it even when it fails */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (json_object_set_new_nocheck(object, parts[i].name, parts[i].value))
			rc = -ENOMEM;
	}
	if (rc) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int text_from_json(struct oom_arena *arena, const json_t *value, const char **ret)
{
	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return -EBADMSG;
	*ret = oom_arena_strdup(arena, json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

static int int_from_json(const json_t *value, int64_t none, int64_t *ret)
{
	*ret = none;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value))
		return -EBADMSG;
	*ret = json_integer_value(value);
	return 0;
}

static int fields_from_json(
	struct oom_arena *arena, const json_t *object, const struct oom_field *field, void *to)
{
	int rc = json_is_object(object) ? 0 : -EBADMSG;

	for (; !rc && field->name; field++) {
		const json_t *value = json_object_get(object, field->name);
		char *at = (char *)to + field->offset;

		if (field->type == OOM_FIELD_TEXT)
			rc = text_from_json(arena, value, (const char **)at);
		else
			rc = int_from_json(value, field->none, (int64_t *)at);
	}
	return rc;
}

static int tasks_from_json(struct oom_arena *arena, const json_t *array,
	const struct oom_task **ret_tasks, size_t *ret_count)
{
	size_t count = json_array_size(array);
	struct oom_task *tasks;

	*ret_tasks = NULL;
	*ret_count = 0;
	if (array && !json_is_array(array))
		return -EBADMSG;
	if (!count)
		return 0;
	tasks = oom_arena_alloc(arena, count * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int rc = fields_from_json(
			arena, json_array_get(array, i), oom_task_fields, tasks + i);

		if (rc)
			return rc;
	}
	*ret_tasks = tasks;
	*ret_count = count;
	return 0;
}

static int process_from_json(
	struct oom_arena *arena, const json_t *object, const char **ret_comm, int64_t *ret_pid)
{
	int rc;

	*ret_comm = NULL;
	*ret_pid = -1;
	if (!object || json_is_null(object))
		return 0;
	if (!json_is_object(object))
		return -EBADMSG;
	rc = text_from_json(arena, json_object_get(object, "comm"), ret_comm);
	return rc ? rc : int_from_json(json_object_get(object, "pid"), -1, ret_pid);
}

/* Names, flags and the mask: what has a form of its own in JSON. */
static int words_from_json(const json_t *json, struct oom_kill *kill)
{
	const json_t *group = json_object_get(json, "oom_group");
	const json_t *gfp = json_object_get(json, "gfp_mask");

	kill->killer = oom_killer_from_name(json_string_value(json_object_get(json, "killer")));
	kill->constraint =
		oom_constraint_from_name(json_string_value(json_object_get(json, "constraint")));
	if (kill->killer == OOM_KILLER_COUNT_ || kill->constraint == OOM_CONSTRAINT_COUNT_)
		return -EBADMSG;
	kill->oom_group = json_is_true(group);
	if (json_is_string(gfp)) {
		char *end;

		kill->gfp_mask = strtoll(json_string_value(gfp), &end, 16);
		if (*end || kill->gfp_mask < 0)
			return -EBADMSG;
	}
	return 0;
}

int oom_kill_from_json(struct oom_arena *arena, const json_t *json, struct oom_kill *ret)
{
	struct oom_kill kill;
	int rc;

	oom_kill_init(&kill);
	rc = fields_from_json(arena, json, oom_kill_fields, &kill);
	if (!rc)
		rc = words_from_json(json, &kill);
	if (!rc)
		rc = fields_from_json(
			arena, json_object_get(json, "victim"), oom_task_fields, &kill.victim);
	if (!rc)
		rc = process_from_json(arena, json_object_get(json, "invoker"), &kill.invoker_comm,
			&kill.invoker_pid);
	if (!rc)
		rc = process_from_json(arena, json_object_get(json, "chosen"), &kill.chosen_comm,
			&kill.chosen_pid);
	if (!rc)
		rc = tasks_from_json(
			arena, json_object_get(json, "tasks"), &kill.tasks, &kill.n_tasks);
	if (!rc)
		rc = tasks_from_json(
			arena, json_object_get(json, "ranking"), &kill.ranking, &kill.n_ranking);
	if (!rc)
		*ret = kill;
	return rc;
}
