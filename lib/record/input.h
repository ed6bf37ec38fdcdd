/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_INPUT_H
#define OOM_RECORD_INPUT_H

#include "lib/record/record.h"

/* What an attempt was made from: "scenario" and its SHA-256, "seed" and the number. */
struct oom_input_rec {
	const char *name, *value;
};

/* Appends to attempt->inputs; both are copied. 0 or -ENOMEM. */
int oom_attempt_add_input(struct oom_attempt *attempt, const char *name, const char *value);
/* NULL: it does not tell. */
const char *oom_attempt_input(const struct oom_attempt *attempt, const char *name);

#endif
