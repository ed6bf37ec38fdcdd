/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_BUDGET_H
#define OOM_GUEST_BUDGET_H

#include "harness/guest/attempt/next.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a guest may take of its host in one attempt. A guest under pressure may do anything, and its root is
 * whoever wrote the kernel and the image. The table is in budget.c, in words in oomgate(1); past any of them
 * the attempt is broken, the guest is ended, and what came before is kept.
 */
enum oom_budget {
	OOM_BUDGET_RECORD_BYTES,
	OOM_BUDGET_RECORD_VALUES,
	OOM_BUDGET_RECORD_DEPTH,
	OOM_BUDGET_RECORD_TEXT_BYTES,
	OOM_BUDGET_EVIDENCE_BYTES,
	OOM_BUDGET_EVIDENCE_FILES,
	OOM_BUDGET_NAME_BYTES,
	OOM_BUDGET_NAME_DEPTH,
	OOM_BUDGET_REQUESTS,
	OOM_BUDGET_MESSAGES,
	OOM_BUDGET_MESSAGE_BYTES,
	OOM_BUDGET_CONSOLE_BYTES,
	OOM_BUDGET_LOG_BYTES,
	OOM_BUDGET_COUNT_
};

uint64_t oom_budget_max(enum oom_budget budget);

struct oom_guest_attempt;

/* Takes @amount of it; false: there is not so much left, the outcome says so, and OOM_NEXT_END comes next. */
bool oom_budget_spend(struct oom_guest_attempt *a, enum oom_budget budget, uint64_t amount);
/* Is @value within it? Else as above. For what does not add up: a depth, the size of one thing. */
bool oom_budget_within(struct oom_guest_attempt *a, enum oom_budget budget, uint64_t value);
/* Looks at the files that QEMU writes for the guest, the console and QEMU's log. */
enum oom_next oom_budget_look(struct oom_guest_attempt *a);

#endif
