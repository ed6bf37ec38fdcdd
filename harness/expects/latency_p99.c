// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	/* any of its requests */
	oom_expect_span(c, 0, INT64_MAX, c->workload->latency_p99_us, ret);
}

const struct oom_expect oom_expect_latency_p99 = {
	.key = {.name = "LatencyP99",
		.type = OOM_T_RANGE_DURATION,
		.help = "99th percentile of its request latency"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
