// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_counter(c, "pids.events", c->unit->pids_events, c->unit->n_pids_events, ret);
}

const struct oom_expect oom_expect_pids_event = {
	.key = {.name = "PidsEvent.",
		.type = OOM_T_RANGE_INT,
		.max = INT64_MAX,
		.help = "growth of a counter of pids.events during the run",
		.flags = OOM_KEY_PREFIX},
	.about = OOM_ABOUT_UNIT,
	.judge = judge,
};
