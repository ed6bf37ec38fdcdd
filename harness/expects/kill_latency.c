// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_workload_rec *w = c->workload;
	int64_t latency_us = w ? w->kill_latency_us : c->attempt->kill_latency_us;

	if (w && w->end_us >= latency_us && latency_us >= 0)
		oom_expect_span(c, w->end_us - latency_us, w->end_us, latency_us, ret);
	else
		oom_expect_span(c, 0, INT64_MAX, latency_us, ret);
}

const struct oom_expect oom_expect_kill_latency = {
	.key = {.name = "KillLatency",
		.type = OOM_T_RANGE_DURATION,
		.help = "time from the kill in the kernel log to its end being known"},
	.about = OOM_ABOUT_RUN | OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM | OOM_FACT_TIME,
	.judge = judge,
};
