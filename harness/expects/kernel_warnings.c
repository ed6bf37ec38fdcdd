// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_at_least(c, (int64_t)c->attempt->n_warnings, oom_expect_kmsg_doubt(c), ret);
}

const struct oom_expect oom_expect_kernel_warnings = {
	.key = {.name = "KernelWarnings",
		.type = OOM_T_RANGE_INT,
		.max = INT64_MAX,
		.help = "warnings, bugs, oopses and lockups in the kernel log"},
	.about = OOM_ABOUT_RUN,
	.judge = judge,
};
