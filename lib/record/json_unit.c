// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/field.h"
#include "lib/record/json.h"

#include <errno.h>

/* A unit: its scalar fields, and its lists of counters as objects keyed by name (in order). */
#define FIELD(json_name, type, member)                                                             \
	{                                                                                          \
		json_name, type, offsetof(struct oom_unit_rec, member)                             \
	}

static const struct oom_field unit_fields[] = {
	FIELD("kind", OOM_F_TEXT, kind),
	FIELD("unit", OOM_F_TEXT, unit),
	FIELD("cgroup", OOM_F_TEXT, cgroup),
	FIELD("result", OOM_F_TEXT, result),
	FIELD("active_state", OOM_F_TEXT, active_state),
	FIELD("memory_max", OOM_F_INT, memory_max_bytes),
	FIELD("memory_peak", OOM_F_INT, memory_peak_bytes),
	FIELD("pressure_full_us", OOM_F_INT, pressure_full_us),
	{NULL},
};

static json_t *counters_to_json(const struct oom_counter *counters, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		if (oom_json_set_keyed(object, counters[i].name, json_integer(counters[i].value)) <
			0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static int counters_from_json(struct oom_attempt *attempt, json_t *unit, const char *key,
	struct oom_err *err, struct oom_counter **counters, size_t *count)
{
	json_t *object, *item;
	const char *name;
	int r = oom_json_member(unit, key, JSON_OBJECT, err, &object);

	if (r < 0)
		return r;
	json_object_foreach (object, name, item) {
		if (!json_is_integer(item))
			return oom_err_set(
				err, EBADMSG, "'%s' of '%s' is not a whole number", name, key);
		if (oom_attempt_add_counter(
			    attempt, counters, count, name, json_integer_value(item)) < 0)
			return oom_err_set(err, ENOMEM, "out of memory reading '%s'", key);
	}
	return 0;
}

/* The lists of counters that a unit has. */
static const struct {
	const char *name;
	size_t list, count;
} unit_counters[] = {
	{"memory_events", offsetof(struct oom_unit_rec, events),
		offsetof(struct oom_unit_rec, n_events)},
	{"memory_events_local", offsetof(struct oom_unit_rec, events_local),
		offsetof(struct oom_unit_rec, n_events_local)},
	{"memory_events_parent", offsetof(struct oom_unit_rec, events_parent),
		offsetof(struct oom_unit_rec, n_events_parent)},
	{"pids_events", offsetof(struct oom_unit_rec, pids_events),
		offsetof(struct oom_unit_rec, n_pids_events)},
};
enum { UNIT_COUNTERS = sizeof(unit_counters) / sizeof(*unit_counters) };

static struct oom_counter **counters_of(struct oom_unit_rec *unit, int i)
{
	return (struct oom_counter **)((char *)unit + unit_counters[i].list);
}

static size_t *n_counters_of(struct oom_unit_rec *unit, int i)
{
	return (size_t *)((char *)unit + unit_counters[i].count);
}

json_t *oom_unit_write(const struct oom_attempt *attempt, size_t i)
{
	struct oom_unit_rec *unit = &attempt->units[i];
	json_t *object = oom_fields_object(unit_fields, unit);

	for (int c = 0; c < UNIT_COUNTERS; c++) {
		if (json_object_set_new(object, unit_counters[c].name,
			    counters_to_json(*counters_of(unit, c), *n_counters_of(unit, c)))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

int oom_unit_read(struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err)
{
	struct oom_unit_rec *unit = oom_attempt_add_unit(attempt);
	int r;

	if (!unit)
		return -ENOMEM;
	unit->name = oom_arena_strdup(&attempt->arena, name);
	r = oom_fields_from_json(unit_fields, &attempt->arena, json, name, err, unit);
	for (int c = 0; r == 0 && c < UNIT_COUNTERS; c++)
		r = counters_from_json(attempt, json, unit_counters[c].name, err,
			counters_of(unit, c), n_counters_of(unit, c));
	return r;
}
