// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_span(c, 0, INT64_MAX, c->unit->pressure_full_us, ret);
}

const struct oom_expect oom_expect_pressure_full = {
	.key = {.name = "PressureFull",
		.type = OOM_T_RANGE_DURATION,
		.help = "time in which all its tasks were stalled on memory (memory.pressure)"},
	.about = OOM_ABOUT_UNIT,
	.judge = judge,
};
