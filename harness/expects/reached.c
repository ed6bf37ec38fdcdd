// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_bytes(c, c->workload->reached_bytes, ret);
}

const struct oom_expect oom_expect_reached = {
	.key = {.name = "Reached", .type = OOM_T_RANGE_SIZE, .help = "bytes that it touched"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
