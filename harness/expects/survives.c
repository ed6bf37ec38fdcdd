// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_bool(c, c->workload->end != OOM_END_SIGNALLED, ret);
}

const struct oom_expect oom_expect_survives = {
	.key = {.name = "Survives",
		.type = OOM_T_BOOL,
		.help = "did no signal end it while the scenario ran? Its own exit is no "
			"death"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
