// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	if (oom_expect_ended(c, ret))
		oom_expect_span(c, 0, c->workload->end_us, c->workload->end_us, ret);
}

const struct oom_expect oom_expect_within = {
	.key = {.name = "Within",
		.type = OOM_T_RANGE_DURATION,
		.help = "time from the start of the run to its end"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
