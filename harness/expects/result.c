// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = c->unit->result ? NULL : oom_expect_source_doubt(c, "systemd");

	oom_expect_word(c, c->unit->result, ret);
	if (doubt)
		ret->reason = doubt;
}

const struct oom_expect oom_expect_result = {
	.key = {.name = "Result",
		.type = OOM_T_ALTERNATIVES,
		.help = "systemd's Result of the unit",
		.choices = "success|oom-kill|signal|exit-code|timeout|core-dump|watchdog|"
			   "resources|"
			   "protocol|start-limit-hit|exec-condition"},
	.about = OOM_ABOUT_UNIT,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
