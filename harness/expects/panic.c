// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_bool(c, c->attempt->panicked, ret);
}

const struct oom_expect oom_expect_panic = {
	.key = {.name = "Panic", .type = OOM_T_BOOL, .help = "did the kernel panic?"},
	.about = OOM_ABOUT_RUN,
	.judge = judge,
};
