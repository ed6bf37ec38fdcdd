// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/field.h"
#include "lib/record/json.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/*
 * The lists of an attempt. Each is a row of parts[]: how one element is written, how a new one is
 * read. Workloads and units are objects keyed by name (in order), the others arrays.
 */
#define FIELD(json_name, type, member)                                                             \
	{                                                                                          \
		json_name, type, offsetof(struct RECORD, member)                                   \
	}

#define RECORD oom_workload_rec
static const struct oom_field workload_fields[] = {
	FIELD("type", OOM_F_TEXT, type),
	FIELD("scope", OOM_F_TEXT, scope),
	FIELD("pid", OOM_F_INT, pid),
	FIELD("end", OOM_F_END, end),
	FIELD("exit_code", OOM_F_INT, exit_code),
	FIELD("signal", OOM_F_INT, signal),
	FIELD("killed_by", OOM_F_KILLER, killed_by),
	FIELD("killed_by_self", OOM_F_KILLER, own_killer),
	FIELD("asked_signal", OOM_F_INT, asked_signal),
	FIELD("descendants_killed", OOM_F_INT, descendants_killed),
	FIELD("descendants_killed_by", OOM_F_KILLER, descendants_killer),
	FIELD("errno", OOM_F_INT, errno_value),
	FIELD("reached_bytes", OOM_F_INT, reached_bytes),
	FIELD("start_us", OOM_F_INT, start_us),
	FIELD("end_us", OOM_F_INT, end_us),
	FIELD("kill_latency_us", OOM_F_INT, kill_latency_us),
	FIELD("latency_p99_us", OOM_F_INT, latency_p99_us),
	FIELD("ops", OOM_F_INT, ops),
	FIELD("kills", OOM_F_INT, kills),
	FIELD("ended_by_harness", OOM_F_BOOL, ended_by_harness),
	FIELD("line", OOM_F_INT, line),
	{NULL},
};
#undef RECORD
#define RECORD oom_source_rec
static const struct oom_field source_fields[] = {
	FIELD("name", OOM_F_TEXT, name),
	FIELD("state", OOM_F_STATE, state),
	FIELD("records", OOM_F_INT, records),
	FIELD("lost", OOM_F_INT, lost),
	FIELD("note", OOM_F_TEXT, note),
	{NULL},
};
#undef RECORD
#define RECORD oom_signal_rec
static const struct oom_field signal_fields[] = {
	FIELD("time_us", OOM_F_INT, time_us),
	FIELD("sender_pid", OOM_F_INT, sender_pid),
	FIELD("sender_comm", OOM_F_TEXT, sender_comm),
	FIELD("target_pid", OOM_F_INT, target_pid),
	FIELD("target_comm", OOM_F_TEXT, target_comm),
	FIELD("signal", OOM_F_INT, signal),
	FIELD("code", OOM_F_INT, code),
	FIELD("result", OOM_F_INT, result),
	FIELD("sender_exe", OOM_F_TEXT, sender_exe),
	FIELD("sender_unit", OOM_F_TEXT, sender_unit),
	FIELD("sender_in", OOM_F_TEXT, sender_in),
	FIELD("sender_workload", OOM_F_TEXT, sender_workload),
	FIELD("target_workload", OOM_F_TEXT, target_workload),
	FIELD("target_unit", OOM_F_TEXT, target_unit),
	FIELD("target_kin", OOM_F_TEXT, target_kin),
	FIELD("ended", OOM_F_BOOL, ended),
	FIELD("killer", OOM_F_KILLER, killer),
	{NULL},
};
#undef RECORD
#define RECORD oom_dispute_rec
static const struct oom_field dispute_fields[] = {
	FIELD("subject", OOM_F_TEXT, subject),
	FIELD("fact", OOM_F_TEXT, fact),
	FIELD("source", OOM_F_TEXT, source),
	FIELD("value", OOM_F_TEXT, value),
	FIELD("other_source", OOM_F_TEXT, other_source),
	FIELD("other_value", OOM_F_TEXT, other_value),
	{NULL},
};
#undef RECORD
#define RECORD oom_fault_rec
static const struct oom_field fault_fields[] = {
	FIELD("name", OOM_F_TEXT, name),
	FIELD("type", OOM_F_TEXT, type),
	FIELD("trigger", OOM_F_TEXT, trigger),
	FIELD("fired_us", OOM_F_INT, fired_us),
	FIELD("errno", OOM_F_INT, errno_value),
	FIELD("under_way", OOM_F_BOOL, under_way),
	FIELD("line", OOM_F_INT, line),
	{NULL},
};
#undef RECORD
#define RECORD oom_precondition_rec
static const struct oom_field precondition_fields[] = {
	FIELD("subject", OOM_F_TEXT, subject),
	FIELD("key", OOM_F_TEXT, key),
	FIELD("wanted", OOM_F_TEXT, wanted),
	FIELD("came_us", OOM_F_INT, came_us),
	FIELD("optional", OOM_F_BOOL, optional),
	FIELD("verdict", OOM_F_VERDICT, verdict),
	FIELD("reason", OOM_F_TEXT, reason),
	FIELD("line", OOM_F_INT, line),
	{NULL},
};
#undef RECORD
#define RECORD oom_standstill_rec
static const struct oom_field standstill_fields[] = {
	FIELD("at_us", OOM_F_INT, at_us),
	FIELD("length_us", OOM_F_INT, length_us),
	FIELD("lost_us", OOM_F_INT, lost_us),
	FIELD("why", OOM_F_TEXT, why),
	{NULL},
};
#undef RECORD
#define RECORD oom_expect_rec
static const struct oom_field expect_fields[] = {
	FIELD("subject", OOM_F_TEXT, subject),
	FIELD("key", OOM_F_TEXT, key),
	FIELD("wanted", OOM_F_TEXT, wanted),
	FIELD("observed", OOM_F_TEXT, observed),
	FIELD("verdict", OOM_F_VERDICT, verdict),
	FIELD("reason", OOM_F_TEXT, reason),
	FIELD("line", OOM_F_INT, line),
	{NULL},
};
#undef RECORD

json_t *oom_texts_to_json(const char *const *texts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(list, oom_json_text(texts[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int oom_texts_from_json(struct oom_attempt *attempt, const json_t *list, const char *what,
	struct oom_err *err, const char ***texts, size_t *count)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (!json_is_string(item))
			return oom_err_set(
				err, EBADMSG, "'%s' has an element that is not a string", what);
		if (oom_attempt_add_text(attempt, texts, count, json_string_value(item)) < 0)
			return oom_err_set(err, ENOMEM, "out of memory reading '%s'", what);
	}
	return 0;
}

/* ---- one element of each list: write element @i, read a new one ---- */
static json_t *workload_write(const struct oom_attempt *attempt, size_t i)
{
	const struct oom_workload_rec *workload = &attempt->workloads[i];
	json_t *object = oom_fields_object(workload_fields, workload);
	json_t *evidence = oom_texts_to_json(workload->evidence, workload->n_evidence);

	if (json_object_set_new(object, "evidence", evidence)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Until the record kept them apart, "killed_by" was of the one that had ended by a signal, else of others. */
static void old_killers(struct oom_workload_rec *workload)
{
	bool own = workload->end == OOM_END_SIGNALLED || workload->end == OOM_END_STUCK;

	workload->own_killer = own ? workload->killed_by : OOM_KILLER_NOBODY;
	workload->descendants_killer = own ? OOM_KILLER_NOBODY : workload->killed_by;
	workload->descendants_killed = own ? -1 : workload->kills;
}

static int workload_read(
	struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err)
{
	struct oom_workload_rec *workload = oom_attempt_add_workload(attempt);
	json_t *list;
	int r;

	if (!workload)
		return -ENOMEM;
	workload->name = oom_arena_strdup(&attempt->arena, name);
	r = oom_fields_from_json(workload_fields, &attempt->arena, json, name, err, workload);
	if (!json_object_get(json, "killed_by_self"))
		old_killers(workload);
	if (r == 0)
		r = oom_json_member(json, "evidence", JSON_ARRAY, err, &list);
	return r < 0 ? r
		     : oom_texts_from_json(attempt, list, "evidence", err, &workload->evidence,
			       &workload->n_evidence);
}

/* What a run knows of a kill beyond the log. */
#define RECORD oom_kill
static const struct oom_field kill_fields[] = {
	FIELD("workload", OOM_F_TEXT, workload),
	FIELD("kin", OOM_F_TEXT, kin),
	FIELD("victim_start_us", OOM_F_INT, victim_start_us),
	FIELD("order_unknown", OOM_F_BOOL, order_unknown), /* where it is so */
	{NULL},
};
#undef RECORD

static json_t *kill_write(const struct oom_attempt *attempt, size_t i)
{
	json_t *object = oom_kill_to_json(&attempt->kills[i]);

	if (object && oom_fields_to_json(kill_fields, &attempt->kills[i], object) < 0) {
		json_decref(object);
		return NULL;
	}
	if (!attempt->kills[i].order_unknown)
		json_object_del(object, "order_unknown");
	return object;
}

static int kill_read(
	struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err)
{
	struct oom_kill *kill = oom_attempt_add_kill(attempt);
	int r;

	if (!kill)
		return -ENOMEM;
	r = oom_kill_from_json(&attempt->arena, json, kill);
	if (r < 0)
		return oom_err_set(err, -r, "'%s' has an element that is not a kill", name);
	return oom_fields_from_json(kill_fields, &attempt->arena, json, "kill", err, kill);
}

/* The lists whose elements are scalar fields and nothing else. */
#define PLAIN(part, array, add)                                                                    \
	static json_t *part##_write(const struct oom_attempt *attempt, size_t i)                   \
	{                                                                                          \
		return oom_fields_object(part##_fields, &attempt->array[i]);                       \
	}                                                                                          \
	static int part##_read(                                                                    \
		struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err)  \
	{                                                                                          \
		struct oom_##part##_rec *record = add(attempt);                                    \
                                                                                                   \
		if (!record)                                                                       \
			return -ENOMEM;                                                            \
		return oom_fields_from_json(                                                       \
			part##_fields, &attempt->arena, json, name, err, record);                  \
	}
PLAIN(fault, faults, oom_attempt_add_fault)
PLAIN(precondition, preconditions, oom_attempt_add_precondition)
PLAIN(expect, expects, oom_attempt_add_expect)
PLAIN(signal, signals, oom_attempt_add_signal)
PLAIN(source, sources, oom_attempt_add_source)
PLAIN(standstill, standstills, oom_attempt_add_standstill)

static json_t *dispute_write(const struct oom_attempt *attempt, size_t i)
{
	return oom_fields_object(dispute_fields, &attempt->disputes[i]);
}

/* In old records the key of an expectation stands for the fact. */
static int dispute_read(
	struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err)
{
	struct oom_dispute_rec *record = oom_attempt_dispute_slot(attempt);
	enum oom_fact fact = oom_fact_from_name(json_string_value(json_object_get(json, "key")));
	int r;

	if (!record)
		return -ENOMEM;
	r = oom_fields_from_json(dispute_fields, &attempt->arena, json, name, err, record);
	if (r == 0 && !record->fact)
		record->fact = oom_fact_name(fact ? fact : OOM_FACT_VICTIM);
	return r;
}

/* ---- the lists ---- */
struct part {
	const char *key;
	size_t count_offset; /* of n_… in struct oom_attempt */
	size_t array_offset; /* KEYED only: of the array, whose elements begin with their name */
	size_t element_bytes;
	json_t *(*write)(const struct oom_attempt *attempt, size_t i);
	int (*read)(
		struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err);
};
/* clang-format off */
#define PART(key, array, stem) \
	{key, offsetof(struct oom_attempt, n_##array), 0, 0, stem##_write, stem##_read}
#define KEYED(key, array, stem) \
	{key, offsetof(struct oom_attempt, n_##array), offsetof(struct oom_attempt, array), \
		sizeof(*((struct oom_attempt *)0)->array), stem##_write, stem##_read}
/* clang-format on */

static const struct part parts[] = {
	PART("expectations", expects, expect),
	PART("preconditions", preconditions, precondition),
	PART("faults", faults, fault),
	KEYED("workloads", workloads, workload),
	PART("kills", kills, kill),
	KEYED("units", units, oom_unit),
	PART("signals", signals, signal),
	PART("sources", sources, source),
	PART("disputes", disputes, dispute),
	PART("standstills", standstills, standstill),
	{NULL},
};

static const char *element_name(
	const struct part *part, const struct oom_attempt *attempt, size_t i)
{
	const char *array = *(const char *const *)((const char *)attempt + part->array_offset);

	return *(const char *const *)(array + i * part->element_bytes);
}

int oom_parts_to_json(const struct oom_attempt *attempt, json_t *object)
{
	for (const struct part *part = parts; part->key; part++) {
		size_t count = *(const size_t *)((const char *)attempt + part->count_offset);
		json_t *list = part->element_bytes ? json_object() : json_array();

		if (json_object_set_new(object, part->key, list))
			return -ENOMEM;
		for (size_t i = 0; i < count; i++) {
			json_t *item = part->write(attempt, i);

			int r = part->element_bytes
				? oom_json_set_keyed(list, element_name(part, attempt, i), item)
				: json_array_append_new(list, item);

			if (r < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int part_read(const struct part *part, const json_t *object, struct oom_err *err,
	struct oom_attempt *attempt)
{
	json_t *list = NULL, *item;
	const char *name;
	size_t i;
	int r = oom_json_member(
		object, part->key, part->element_bytes ? JSON_OBJECT : JSON_ARRAY, err, &list);

	json_object_foreach (list, name, item) {
		if (r == 0)
			r = part->read(attempt, name, item, err);
	}
	json_array_foreach (list, i, item) {
		if (r == 0)
			r = part->read(attempt, part->key, item, err);
	}
	return r;
}

int oom_parts_from_json(const json_t *object, struct oom_err *err, struct oom_attempt *attempt)
{
	for (const struct part *part = parts; part->key; part++) {
		int r = part_read(part, object, err, attempt);

		if (r == -ENOMEM)
			return oom_err_set(err, ENOMEM, "out of memory reading '%s'", part->key);
		if (r < 0)
			return r;
	}
	return attempt->arena.failed ? oom_err_set(err, ENOMEM, "out of memory reading a result")
				     : 0;
}
