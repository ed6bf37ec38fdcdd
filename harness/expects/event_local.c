// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_counter(
		c, "memory.events.local", c->unit->events_local, c->unit->n_events_local, ret);
}

const struct oom_expect oom_expect_event_local = {
	.key = {.name = "EventLocal.",
		.type = OOM_T_RANGE_INT,
		.max = INT64_MAX,
		.help = "growth of a counter of memory.events.local during the run",
		.flags = OOM_KEY_PREFIX},
	.about = OOM_ABOUT_UNIT,
	.facts = OOM_FACT_COUNT,
	.judge = judge,
};
