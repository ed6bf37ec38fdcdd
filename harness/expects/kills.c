// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expect.h"

#include <string.h>

/* Somebody died in its scope, or nobody knows where, and nobody knows whose process it was. */
static bool may_be_more(const struct oom_expect_case *c)
{
	const struct oom_workload_rec *w = c->workload;
	const struct oom_unit_rec *unit = w->scope ? oom_attempt_unit(c->attempt, w->scope) : NULL;

	for (size_t i = 0; i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];

		if (!kill->workload && unit &&
			(!kill->task_memcg || (unit->cgroup && !strcmp(unit->cgroup, kill->task_memcg))))
			return true;
	}
	return false;
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kills_doubt(c);
	int64_t seen = c->workload->kills;

	if (seen < 0 && !doubt)
		doubt = "the number of kills cannot be told";
	if (!doubt && may_be_more(c))
		doubt = "a process was killed of which nobody knows whose it was";
	oom_expect_at_least(c, seen < 0 ? 0 : seen, doubt, ret);
}

const struct oom_expect oom_expect_kills = {
	.key = {.name = "Kills",
		.type = OOM_T_RANGE_INT,
		.help = "processes of it, children too, that the OOM killer took"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
