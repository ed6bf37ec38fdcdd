/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_JSON_H
#define OOM_RECORD_JSON_H

#include "lib/record/record.h"

#include <jansson.h>

/* Between lib/record_json*.c: an attempt's lists (workloads, units, kills, …) as members of its object. */
int oom_parts_to_json(const struct oom_attempt *attempt, json_t *object);
int oom_parts_from_json(const json_t *object, struct oom_err *err, struct oom_attempt *attempt);

json_t *oom_unit_write(const struct oom_attempt *attempt, size_t i);
int oom_unit_read(struct oom_attempt *attempt, const char *name, json_t *json, struct oom_err *err);

json_t *oom_texts_to_json(const char *const *texts, size_t count);
/* @list may be NULL: none. */
int oom_texts_from_json(struct oom_attempt *attempt, const json_t *list, const char *what,
	struct oom_err *err, const char ***texts, size_t *count);

#endif
