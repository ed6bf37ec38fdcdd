// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/budget.h"

#include "harness/guest/attempt/state.h"
#include "harness/host/process.h"
#include "lib/base/format.h"

#include <inttypes.h>
#include <sys/stat.h>

#define MIB	((uint64_t)1 << 20)
#define LOOK_US 1000000

/*
 * Twenty times of what the largest scenario needs, which is a fork bomb's 13000 values and 100K, and small beside a
 * host: a value becomes some hundred bytes of tree, and an empty kill 400 of record.
 */
static const struct {
	uint64_t max;
	const char *what;
	bool is_size;
} budgets[OOM_BUDGET_COUNT_] = {
	[OOM_BUDGET_RECORD_BYTES] = {16 * MIB, "size of the record", true},
	[OOM_BUDGET_RECORD_VALUES] = {262144, "values in the record", false},
	[OOM_BUDGET_RECORD_DEPTH] = {32, "depth of the record", false},
	[OOM_BUDGET_RECORD_TEXT_BYTES] = {MIB, "size of one text in the record", true},
	[OOM_BUDGET_EVIDENCE_BYTES] = {256 * MIB, "size of the evidence", true},
	[OOM_BUDGET_EVIDENCE_FILES] = {4096, "files and folders of evidence", false},
	[OOM_BUDGET_NAME_BYTES] = {512, "bytes in the name of a file of evidence", false},
	[OOM_BUDGET_NAME_DEPTH] = {16, "folders in the name of a file of evidence", false},
	[OOM_BUDGET_REQUESTS] = {1024, "requests to the host", false},
	[OOM_BUDGET_MESSAGES] = {262144, "messages", false},
	[OOM_BUDGET_MESSAGE_BYTES] = {4096, "size of a message that is neither record nor evidence",
		true},
	[OOM_BUDGET_CONSOLE_BYTES] = {16 * MIB, "size of the console", true},
	[OOM_BUDGET_LOG_BYTES] = {4 * MIB, "size of QEMU's log", true},
};

uint64_t oom_budget_max(enum oom_budget budget)
{
	return budgets[budget].max;
}

bool oom_budget_within(struct oom_guest_attempt *a, enum oom_budget budget, uint64_t value)
{
	uint64_t max = budgets[budget].max;
	char text[24];

	if (value <= max)
		return true;
	if (budgets[budget].is_size)
		oom_format_size(max, text);
	else
		snprintf(text, sizeof(text), "%" PRIu64, max);
	oom_attempt_fail(a,
		"the guest exceeded a budget (GUEST BUDGETS in oomgate(1)): %s, at most %s",
		budgets[budget].what, text);
	return false;
}

bool oom_budget_spend(struct oom_guest_attempt *a, enum oom_budget budget, uint64_t amount)
{
	a->spent[budget] += amount;
	return oom_budget_within(a, budget, a->spent[budget]);
}

enum oom_next oom_budget_look(struct oom_guest_attempt *a)
{
	struct stat st;

	a->look_us = oom_monotonic_us() + LOOK_US;
	if (!stat(a->console, &st) &&
		!oom_budget_within(a, OOM_BUDGET_CONSOLE_BYTES, (uint64_t)st.st_size))
		return OOM_NEXT_END;
	if (!stat(a->printk, &st) &&
		!oom_budget_within(a, OOM_BUDGET_CONSOLE_BYTES, (uint64_t)st.st_size))
		return OOM_NEXT_END;
	if (!stat(a->log, &st) && !oom_budget_within(a, OOM_BUDGET_LOG_BYTES, (uint64_t)st.st_size))
		return OOM_NEXT_END;
	return OOM_NEXT_GO_ON;
}
