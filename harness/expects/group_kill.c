// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

/* Did one of the units count an oom_group_kill (since 5.17)? That another does not count says nothing. */
static bool counted(const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_units; i++) {
		const struct oom_unit_rec *unit = &attempt->units[i];

		if (oom_counter_get(unit->events, unit->n_events, "oom_group_kill") > 0)
			return true;
	}
	return false;
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kmsg_doubt(c);
	bool seen = counted(c->attempt);

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
