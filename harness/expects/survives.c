// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_bool(
		c, c->workload->end != OOM_END_SIGNALLED && c->workload->asked_signal <= 0, ret);
}

const struct oom_expect oom_expect_survives = {
	.key = {.name = "Survives",
		.type = OOM_T_BOOL,
		.help = "was it neither ended by a signal nor asked to end? Its own exit is no death"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
