// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/run.h"

#include "lib/record/field.h"
#include "lib/record/kill.h"
#include "lib/record/record.h"

#include <errno.h>
#include <string.h>

/*
 * run.json: machines, results, summary. What a schema once said is read for ever: a new number comes with a change
 * that an old reader would take for something else. tests/data/records has one of each.
 */
#define SCHEMA "oomgate.run/2"
static const char *const schemas_read[] = {"oomgate.run/1", SCHEMA};
#define FIELD(json_name, type, member)                                                             \
	{                                                                                          \
		json_name, type, offsetof(struct RECORD, member)                                   \
	}

#define RECORD oom_machine_rec
static const struct oom_field machine_fields[] = {
	FIELD("id", OOM_F_TEXT, id),
	FIELD("kernel", OOM_F_TEXT, kernel),
	FIELD("systemd", OOM_F_TEXT, systemd),
	FIELD("accel", OOM_F_TEXT, accel),
	FIELD("memory_bytes", OOM_F_INT, memory_bytes),
	FIELD("cpus", OOM_F_INT, cpus),
	FIELD("config", OOM_F_TEXT, config),
	FIELD("backend", OOM_F_TEXT, backend),
	FIELD("qemu", OOM_F_TEXT, qemu),
	{NULL},
};
#undef RECORD
#define RECORD oom_run
static const struct oom_field run_fields[] = {
	FIELD("version", OOM_F_TEXT, version),
	FIELD("host_kernel", OOM_F_TEXT, host_kernel),
	FIELD("host_cpu", OOM_F_TEXT, host_cpu),
	FIELD("start_us", OOM_F_INT, start_realtime_us),
	FIELD("duration_us", OOM_F_INT, duration_us),
	FIELD("seed", OOM_F_INT, seed),
	FIELD("planned", OOM_F_INT, planned),
	FIELD("interrupted", OOM_F_BOOL, interrupted),
	{NULL},
};
#undef RECORD

struct json_t *oom_machine_to_json(const struct oom_machine_rec *machine)
{
	return oom_fields_object(machine_fields, machine);
}

int oom_machine_from_json(
	struct oom_arena *arena, const struct json_t *json, struct oom_machine_rec *ret)
{
	struct oom_machine_rec machine = {.memory_bytes = -1, .cpus = -1};
	int r = oom_fields_from_json(machine_fields, arena, json, "machine", NULL, &machine);

	if (r == 0)
		*ret = machine;
	return r;
}

json_t *oom_run_head_to_json(const struct oom_run *run)
{
	json_t *object = json_object(), *machines = json_array();
	int r = json_object_set_new(object, "schema", json_string(SCHEMA)) |
		oom_fields_to_json(run_fields, run, object) |
		json_object_set_new(object, "machines", machines);

	for (size_t i = 0; r == 0 && i < run->n_machines; i++)
		r = json_array_append_new(machines, oom_machine_to_json(&run->machines[i]));
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

static int machines_read(const json_t *list, struct oom_err *err, struct oom_run *run)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		struct oom_machine_rec *machine = oom_run_add_machine(run);
		int r;

		if (!machine)
			return oom_err_set(err, ENOMEM, "out of memory reading 'machines'");
		r = oom_machine_from_json(&run->arena, item, machine);
		if (r < 0)
			return oom_err_set(
				err, -r, "'machines' has an element that is not a machine");
	}
	return 0;
}

int oom_run_check_schema(const json_t *schema, struct oom_err *err)
{
	const char *text = json_string_value(schema);

	for (size_t i = 0; text && i < sizeof(schemas_read) / sizeof(*schemas_read); i++)
		if (!strcmp(text, schemas_read[i]))
			return 0;
	return oom_err_set(
		err, EBADMSG, "schema '%s' is not '%s' or an older one", text ? text : "", SCHEMA);
}

int oom_run_head_from_json(const json_t *json, struct oom_err *err, struct oom_run *run)
{
	json_t *machines, *results;
	int r = oom_run_check_schema(json_object_get(json, "schema"), err);

	if (r == 0)
		r = oom_fields_from_json(run_fields, &run->arena, json, "run", err, run);
	if (r == 0)
		r = oom_json_member(json, "machines", JSON_ARRAY, err, &machines);
	if (r == 0)
		r = machines_read(machines, err, run);
	return r < 0 ? r : oom_json_member(json, "results", JSON_ARRAY, err, &results);
}
