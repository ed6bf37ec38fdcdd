// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

/* The log's line comes once a cgroup; the counter of pids.events counts every refusal. */
static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kmsg_doubt(c);
	bool seen = c->attempt->fork_rejected;

	for (size_t i = 0; i < c->attempt->n_units; i++) {
		const struct oom_unit_rec *unit = &c->attempt->units[i];
		int64_t refused = oom_counter_get(unit->pids_events, unit->n_pids_events, "max");

		seen = seen || refused > 0;
	}
	oom_expect_bool(c, seen, ret);
	/* the units' counters say nothing of a cgroup that a program made */
	if (!seen && doubt)
		oom_expect_inconclusive(c, ret, "%s", doubt);
}

const struct oom_expect oom_expect_fork_rejected = {
	.key = {.name = "ForkRejected",
		.type = OOM_T_BOOL,
		.help = "did the pids controller refuse a fork?"},
	.about = OOM_ABOUT_RUN,
	.judge = judge,
};
