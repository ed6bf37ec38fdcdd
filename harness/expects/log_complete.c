// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_source_rec *kmsg = oom_attempt_source(c->attempt, "kmsg");

	if (!kmsg || kmsg->state == OOM_SOURCE_ABSENT)
		oom_expect_inconclusive(c, ret, "%s", oom_expect_kmsg_doubt(c));
	else
		oom_expect_bool(c, kmsg->state == OOM_SOURCE_OK, ret);
}

const struct oom_expect oom_expect_log_complete = {
	.key = {.name = "LogComplete",
		.type = OOM_T_BOOL,
		.help = "was every record of the kernel log read?"},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_COUNT,
	.judge = judge,
};
