// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kills_doubt(c);
	int64_t seen = c->workload->kills;

	if (seen < 0 && !doubt)
		doubt = "the number of kills is not known";
	if (!doubt)
		doubt = oom_expect_stray_doubt(c);
	oom_expect_at_least(c, seen < 0 ? 0 : seen, doubt, ret);
}

const struct oom_expect oom_expect_kills = {
	.key = {.name = "Kills",
		.type = OOM_T_RANGE_INT,
		.max = INT64_MAX,
		.help = "its processes, children included, that the OOM killer killed"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM | OOM_FACT_COUNT,
	.answers = OOM_FACT_COUNT,
	.judge = judge,
};
