// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_count(c, c->workload->ops, ret);
}

const struct oom_expect oom_expect_ops = {
	.key = {.name = "Ops",
		.type = OOM_T_RANGE_INT,
		.max = INT64_MAX,
		.help = "what its type counts: forks made, requests served"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
