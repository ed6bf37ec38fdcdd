// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/cleanup.h"
#include "lib/record_json.h"

#include <errno.h>
#include <string.h>

/* run.json: machines, results, summary. */
#define SCHEMA "oomgate.run/1"
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
	{NULL},
};
#undef RECORD
#define RECORD oom_run
static const struct oom_field run_fields[] = {
	FIELD("version", OOM_F_TEXT, version),
	FIELD("start_us", OOM_F_INT, start_realtime_us),
	FIELD("duration_us", OOM_F_INT, duration_us),
	FIELD("seed", OOM_F_INT, seed),
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

static json_t *summary_to_json(const struct oom_run *run)
{
	json_int_t counts[OOM_VERDICT_COUNT_] = {0};
	json_t *object = json_object();

	for (size_t i = 0; i < run->n_attempts; i++)
		counts[run->attempts[i]->verdict]++;
	for (enum oom_verdict v = 0; v < OOM_VERDICT_COUNT_; v++) {
		if (json_object_set_new(object, oom_verdict_name(v), json_integer(counts[v]))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static int run_fill(const struct oom_run *run, json_t *object)
{
	json_t *machines = json_array(), *results = json_array();

	if (json_object_set_new(object, "schema", json_string(SCHEMA)) |
		oom_fields_to_json(run_fields, run, object) |
		json_object_set_new(object, "machines", machines) |
		json_object_set_new(object, "results", results))
		return -ENOMEM;
	for (size_t i = 0; i < run->n_machines; i++)
		if (json_array_append_new(machines, oom_machine_to_json(&run->machines[i])))
			return -ENOMEM;
	for (size_t i = 0; i < run->n_attempts; i++)
		if (json_array_append_new(results, oom_attempt_to_json(run->attempts[i])))
			return -ENOMEM;
	return json_object_set_new(object, "summary", summary_to_json(run)) ? -ENOMEM : 0;
}

struct json_t *oom_run_to_json(const struct oom_run *run)
{
	json_t *object = json_object();

	if (object && run_fill(run, object) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
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
				err, -r, "'machines' holds something that is no machine");
	}
	return 0;
}

static int results_read(const json_t *list, struct oom_err *err, struct oom_run *run)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		struct oom_attempt *attempt = NULL;
		int r = oom_attempt_from_json(item, err, &attempt);

		if (r < 0)
			return r;
		if (oom_run_add_attempt(run, attempt) < 0) {
			oom_attempt_free(attempt);
			return oom_err_set(err, ENOMEM, "out of memory reading 'results'");
		}
	}
	return 0;
}

static int run_read(const json_t *json, struct oom_err *err, struct oom_run *run)
{
	const char *schema = json_string_value(json_object_get(json, "schema"));
	json_t *machines, *results;
	int r;

	if (!schema || strcmp(schema, SCHEMA))
		return oom_err_set(
			err, EBADMSG, "schema '%s' is not '%s'", schema ? schema : "", SCHEMA);
	r = oom_fields_from_json(run_fields, &run->arena, json, "run", err, run);
	if (r == 0)
		r = oom_json_member(json, "machines", JSON_ARRAY, err, &machines);
	if (r == 0)
		r = machines_read(machines, err, run);
	if (r == 0)
		r = oom_json_member(json, "results", JSON_ARRAY, err, &results);
	return r < 0 ? r : results_read(results, err, run);
}

int oom_run_from_json(const struct json_t *json, struct oom_err *err, struct oom_run **ret)
{
	struct oom_run *run = oom_run_new();
	int r;

	if (!run)
		return oom_err_set(err, ENOMEM, "out of memory reading a run");
	r = run_read(json, err, run);
	if (r < 0) {
		oom_run_free(run);
		return r;
	}
	*ret = run;
	return 0;
}

int oom_run_load_file(const char *path, struct oom_err *err, struct oom_run **ret)
{
	oom_autofclose FILE *file = fopen(path, "re");
	struct oom_err why = {0};
	json_error_t at;
	json_t *json;
	int r;

	if (!file)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	json = json_loadf(file, 0, &at);
	if (!json)
		return oom_err_set(err, EBADMSG, "'%s' is no JSON: line %d, column %d: %s", path,
			at.line, at.column, at.text);
	r = oom_run_from_json(json, &why, ret);
	json_decref(json);
	return r < 0 ? oom_err_set(err, -r, "cannot read '%s': %s", path, why.msg) : 0;
}

int oom_run_load(const char *dir, struct oom_err *err, struct oom_run **ret)
{
	oom_autofree char *path = NULL;

	if (asprintf(&path, "%s/run.json", dir) < 0) {
		path = NULL;
		return oom_err_set(err, ENOMEM, "out of memory reading '%s'", dir);
	}
	return oom_run_load_file(path, err, ret);
}
