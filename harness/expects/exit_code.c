// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	if (!oom_expect_by_harness(c, ret) && oom_expect_ended(c, ret))
		oom_expect_count(c, c->workload->exit_code, ret);
}

const struct oom_expect oom_expect_exit_code = {
	.key = {.name = "ExitCode",
		.type = OOM_T_RANGE_INT,
		.max = 255,
		.help = "exit status as a shell reports it: 137 is SIGKILL"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
