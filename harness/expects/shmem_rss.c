// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <signal.h>

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_kill *kill = oom_expect_first_kill(c, ret);

	if (kill)
		oom_expect_kib(c, kill->victim.shmem_rss_kib, ret);
}

const struct oom_expect oom_expect_shmem_rss = {
	.key = {.name = "ShmemRSS",
		.type = OOM_T_RANGE_SIZE,
		.help = "shared memory of its first victim, as printed by the kernel"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
