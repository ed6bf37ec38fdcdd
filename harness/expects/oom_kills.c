// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kills_doubt(c);
	int64_t seen = c->attempt->oom_kills;

	if (seen < 0 && !doubt)
		doubt = "the number of kills is not known";
	if (seen < 0)
		seen = (int64_t)c->attempt->n_kills;
	oom_expect_at_least(c, seen, doubt, ret);
}

const struct oom_expect oom_expect_oom_kills = {
	.key = {.name = "OOMKills",
		.type = OOM_T_RANGE_INT,
		.max = INT64_MAX,
		.help = "number of processes that the OOM killer killed"},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_COUNT,
	.answers = OOM_FACT_COUNT,
	.judge = judge,
};
