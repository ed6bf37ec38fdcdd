// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_bytes(c, c->unit->memory_peak_bytes, ret);
}

const struct oom_expect oom_expect_memory_peak = {
	.key = {.name = "MemoryPeak",
		.type = OOM_T_RANGE_SIZE,
		.help = "peak memory usage of the unit (memory.peak, since 5.19)"},
	.about = OOM_ABOUT_UNIT,
	.judge = judge,
};
