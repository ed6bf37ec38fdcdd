// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <inttypes.h>
#include <string.h>

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	int64_t number = c->workload->errno_value;
	const char *name = number > 0 ? strerrorname_np((int)number) : NULL;

	if (number == 0)
		name = "none";
	else if (number > 0 && !name)
		name = oom_arena_printf(c->arena, "%" PRId64, number);
	oom_expect_word(c, name, ret);
}

const struct oom_expect oom_expect_errno_name = {
	.key = {.name = "Errno",
		.type = OOM_T_ALTERNATIVES,
		.help = "errno of its first refused request: ENOMEM, EAGAIN; none",
		.choices = OOM_ERRNO_CHOICES},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
