// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/json.h"

#include "lib/record/field.h"
#include "lib/record/input.h"
#include "lib/record/record.h"

#include <errno.h>
#include <string.h>

/* An attempt as JSON and back: its own fields, and its lists. Parts with lists of their own are in
 * json_part.c. */
#define FIELD(json_name, type, member)                                                             \
	{                                                                                          \
		json_name, type, offsetof(struct oom_attempt, member)                              \
	}

static const struct oom_field attempt_fields[] = {
	FIELD("scenario", OOM_F_TEXT, scenario),
	FIELD("scenario_file", OOM_F_TEXT, scenario_file),
	FIELD("title", OOM_F_TEXT, title),
	FIELD("machine", OOM_F_TEXT, machine),
	FIELD("attempt", OOM_F_INT, attempt),
	FIELD("verdict", OOM_F_VERDICT, verdict),
	FIELD("reason", OOM_F_TEXT, reason),
	{NULL},
};
static const struct oom_field outcome_fields[] = {
	FIELD("oom_kills", OOM_F_INT, oom_kills),
	FIELD("panicked", OOM_F_BOOL, panicked),
	FIELD("fork_rejected", OOM_F_BOOL, fork_rejected),
	FIELD("evidence_dir", OOM_F_TEXT, evidence_dir),
	FIELD("samples", OOM_F_TEXT, samples),
	FIELD("hindrance", OOM_F_TEXT, hindrance),
	FIELD("hindrance_skips", OOM_F_BOOL, hindrance_skips),
	FIELD("known_on", OOM_F_INT, known_on),
	FIELD("memory_bytes", OOM_F_INT, memory_bytes),
	FIELD("cpus", OOM_F_INT, cpus),
	{NULL},
};
static const struct oom_field timing_fields[] = {
	FIELD("start_us", OOM_F_INT, start_realtime_us),
	FIELD("setup_us", OOM_F_INT, setup_us),
	FIELD("duration_us", OOM_F_INT, duration_us),
	FIELD("kill_latency_us", OOM_F_INT, kill_latency_us),
	FIELD("machine_us", OOM_F_INT, machine_us),
	FIELD("qemu_us", OOM_F_INT, qemu_us),
	FIELD("restore_us", OOM_F_INT, restore_us),
	FIELD("wake_us", OOM_F_INT, wake_us),
	FIELD("report_us", OOM_F_INT, report_us),
	FIELD("end_us", OOM_F_INT, end_us),
	FIELD("own_bytes", OOM_F_INT, own_bytes),
	FIELD("harness_rss_bytes", OOM_F_INT, harness_rss_bytes),
	{NULL},
};

static int set_texts(json_t *object, const char *key, const char *const *texts, size_t count)
{
	json_t *list = oom_texts_to_json(texts, count);

	return json_object_set_new(object, key, list) ? -ENOMEM : 0;
}

static int set_inputs(const struct oom_attempt *attempt, json_t *object)
{
	json_t *inputs = json_object();

	if (json_object_set_new(object, "inputs", inputs))
		return -ENOMEM;
	for (size_t i = 0; i < attempt->n_inputs; i++)
		if (json_object_set_new(inputs, attempt->inputs[i].name,
			    oom_json_text(attempt->inputs[i].value)))
			return -ENOMEM;
	return 0;
}

static int inputs_read(struct oom_attempt *attempt, const json_t *json, struct oom_err *err)
{
	json_t *inputs, *value;
	const char *name;
	int r = oom_json_member(json, "inputs", JSON_OBJECT, err, &inputs);

	if (r < 0)
		return r;
	json_object_foreach (inputs, name, value) {
		if (!json_is_string(value))
			return oom_err_set(err, EBADMSG,
				"'inputs' has a member '%.40s' that is not a string", name);
		if (oom_attempt_add_input(attempt, name, json_string_value(value)) < 0)
			return oom_err_set(err, ENOMEM, "out of memory reading 'inputs'");
	}
	return 0;
}

static int set_timing(const struct oom_attempt *attempt, json_t *object)
{
	json_t *timing = json_object();

	if (json_object_set_new(object, "timing", timing))
		return -ENOMEM;
	return oom_fields_to_json(timing_fields, attempt, timing);
}

struct json_t *oom_attempt_to_json(const struct oom_attempt *attempt)
{
	json_t *object = json_object();

	if (!object)
		return NULL;
	if (oom_fields_to_json(attempt_fields, attempt, object) < 0 ||
		set_inputs(attempt, object) < 0 ||
		set_texts(object, "tags", attempt->tags, attempt->n_tags) < 0 ||
		oom_parts_to_json(attempt, object) < 0 ||
		set_texts(object, "disagreements", attempt->disagreements,
			attempt->n_disagreements) < 0 ||
		set_texts(object, "warnings", attempt->warnings, attempt->n_warnings) < 0 ||
		oom_fields_to_json(outcome_fields, attempt, object) < 0 ||
		set_timing(attempt, object) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int texts_from_member(struct oom_attempt *attempt, const json_t *object, const char *key,
	struct oom_err *err, const char ***texts, size_t *count)
{
	json_t *list;
	int r = oom_json_member(object, key, JSON_ARRAY, err, &list);

	return r < 0 ? r : oom_texts_from_json(attempt, list, key, err, texts, count);
}

static int attempt_read(const json_t *json, struct oom_err *err, struct oom_attempt *attempt)
{
	struct oom_arena *arena = &attempt->arena;
	json_t *timing;
	int r = oom_fields_from_json(attempt_fields, arena, json, "result", err, attempt);

	if (r == 0 && !attempt->scenario)
		r = oom_err_set(err, EBADMSG, "field 'scenario' of 'result' is missing");
	if (r == 0)
		r = oom_fields_from_json(
			outcome_fields, arena, json, attempt->scenario, err, attempt);
	if (r == 0)
		r = inputs_read(attempt, json, err);
	if (r == 0)
		r = texts_from_member(attempt, json, "tags", err, &attempt->tags, &attempt->n_tags);
	if (r == 0)
		r = texts_from_member(attempt, json, "disagreements", err, &attempt->disagreements,
			&attempt->n_disagreements);
	if (r == 0)
		r = texts_from_member(
			attempt, json, "warnings", err, &attempt->warnings, &attempt->n_warnings);
	if (r == 0)
		r = oom_json_member(json, "timing", JSON_OBJECT, err, &timing);
	if (r == 0 && timing)
		r = oom_fields_from_json(timing_fields, arena, timing, "timing", err, attempt);
	return r < 0 ? r : oom_parts_from_json(json, err, attempt);
}

int oom_attempt_from_json(const struct json_t *json, struct oom_err *err, struct oom_attempt **ret)
{
	struct oom_attempt *attempt = oom_attempt_new();
	int r;

	if (!attempt)
		return oom_err_set(err, ENOMEM, "out of memory reading a result");
	attempt->reason = NULL; /* as written, not "not judged" */
	r = attempt_read(json, err, attempt);
	if (r < 0) {
		oom_attempt_free(attempt);
		return r;
	}
	*ret = attempt;
	return 0;
}
