/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_JSON_H
#define OOM_RECORD_JSON_H

#include "lib/record/record.h"
#include "lib/record/field.h"

/* Between lib/record_json*.c: an attempt's lists (workloads, units, kills, …) as members of its object. */
int oom_parts_to_json(const struct oom_attempt *attempt, json_t *object);
int oom_parts_from_json(const json_t *object, struct oom_err *err, struct oom_attempt *attempt);

json_t *oom_unit_write(const struct oom_attempt *attempt, size_t i);
int oom_unit_read(
	struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err);

json_t *oom_texts_to_json(const char *const *texts, size_t count);
/* @list may be NULL: none. */
int oom_texts_from_json(struct oom_attempt *attempt, const json_t *list, const char *what,
	struct oom_err *err, const char ***texts, size_t *count);

/* All of a run but its attempts. */
json_t *oom_run_head_to_json(const struct oom_run *run);
/* And back. -EBADMSG; "results" that are an array are not looked at. */
int oom_run_head_from_json(const json_t *json, struct oom_err *err, struct oom_run *run);
/* Is that the value of "schema"? */
int oom_run_check_schema(const json_t *schema, struct oom_err *err);

/* A new empty dispute, without its sentence (lib/record/record.c): a JSON record holds both. */
struct oom_dispute_rec *oom_attempt_dispute_slot(struct oom_attempt *attempt);

#endif
