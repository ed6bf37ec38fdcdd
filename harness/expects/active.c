// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <string.h>

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt;

	if (c->unit->active_state) {
		oom_expect_bool(c, !strcmp(c->unit->active_state, "active"), ret);
		return;
	}
	doubt = oom_expect_source_doubt(c, "systemd");
	oom_expect_inconclusive(c, ret, "%s", doubt ? doubt : "systemd did not report it");
}

const struct oom_expect oom_expect_active = {
	.key = {.name = "Active",
		.type = OOM_T_BOOL,
		.help = "was the unit still active when the run was over?"},
	.about = OOM_ABOUT_UNIT,
	.judge = judge,
};
