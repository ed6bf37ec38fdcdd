/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPECTS_FIT_H
#define OOM_EXPECTS_FIT_H

#include "lib/base/err.h"
#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

#include <stdint.h>

/* What is possible on the machine that a record came from. */
struct oom_fit {
	uint64_t memory_bytes; /* its memory */
	uint64_t run_us; /* for so long it ran */
};

/*
 * A record that another machine has sent is data. Is it one of @scenario? Its workloads, units, faults and
 * preconditions are those of the file, each once, of their types and in their places; ends, signals and exit codes
 * go together; kills and their number do; and no number is beyond @fit. What the file says itself (lines, titles,
 * tags, what is optional) is set from it. A record with a hindrance may lack what was not made yet; one that was
 * skipped has nothing. A pure function. 0, -EBADMSG with the sentence, or -ENOMEM.
 */
int oom_record_fit(const struct oom_scenario *scenario, const struct oom_fit *fit,
	struct oom_attempt *record, struct oom_err *err);

#endif
