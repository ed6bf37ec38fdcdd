/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_RUN_H
#define OOM_RECORD_RUN_H

#include "lib/base/err.h"
#include "lib/record/kill.h"
#include "lib/record/record.h"

/* Is that the value of "schema"? */
int oom_run_check_schema(const json_t *schema, struct oom_err *err);
/* And back. -EBADMSG; "results" that are an array are not looked at. */
int oom_run_head_from_json(const json_t *json, struct oom_err *err, struct oom_run *run);
/* All of a run but its attempts. */
json_t *oom_run_head_to_json(const struct oom_run *run);

#endif
