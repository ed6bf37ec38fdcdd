// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

/* The sum of the units' oom_group_kill (since 5.17); -1 where one does not count it. */
static int64_t counted(const struct oom_attempt *attempt)
{
	int64_t sum = attempt->n_units ? 0 : -1;

	for (size_t i = 0; i < attempt->n_units && sum >= 0; i++) {
		const struct oom_unit_rec *unit = &attempt->units[i];
		int64_t groups = oom_counter_get(unit->events, unit->n_events, "oom_group_kill");

		sum = groups < 0 ? -1 : sum + groups;
	}
	return sum;
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kmsg_doubt(c);
	int64_t groups = counted(c->attempt);
	bool seen = groups > 0;

	for (size_t i = 0; i < c->attempt->n_kills; i++)
		seen = seen || c->attempt->kills[i].oom_group;
	oom_expect_bool(c, seen, ret);
	/* the units' counters say nothing of a cgroup that a program made */
	if (!seen && doubt && oom_expect_machine_kills(c))
		oom_expect_inconclusive(c, ret, "%s", doubt);
}

const struct oom_expect oom_expect_group_kill = {
	.key = {.name = "GroupKill",
		.type = OOM_T_BOOL,
		.help = "was a whole cgroup killed (memory.oom.group)?"},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_KILLER | OOM_FACT_COUNT,
	.judge = judge,
};
