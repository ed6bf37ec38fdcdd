// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_killers(c, true, ret);
}

const struct oom_expect oom_expect_killed_by_self = {
	.key = {.name = "KilledBy.self",
		.type = OOM_T_ALTERNATIVES,
		.help = "who killed its own (main) process, or asked it to end, whatever became of its "
			"descendants",
		.choices = OOM_KILLER_CHOICES,
		.flags = OOM_KEY_SENDER},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM | OOM_FACT_KILLER,
	.answers = OOM_FACT_KILLER,
	.judge = judge,
};
