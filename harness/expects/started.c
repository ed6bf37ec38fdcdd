// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	if (c->workload)
		oom_expect_bool(c, c->workload->start_us >= 0, ret);
	else
		ret->reason =
			oom_arena_printf(c->arena, "the record has nothing about '%s'", c->subject);
}

const struct oom_expect oom_expect_started = {
	.key = {.name = "Started",
		.type = OOM_T_BOOL,
		.help = "was it started? 'no': the event of its Start= must not come"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
