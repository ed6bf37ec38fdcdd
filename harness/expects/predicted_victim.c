// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <inttypes.h>
#include <signal.h>

/* Did the log's process @pid die in this kill, or in the same group's? */
static bool died(const struct oom_attempt *attempt, const struct oom_kill *kill, int64_t pid)
{
	if (pid == kill->victim.pid || pid == kill->chosen_pid)
		return true;
	for (size_t i = 0; i < attempt->n_kills && kill->oom_group; i++)
		if (attempt->kills[i].oom_group && attempt->kills[i].victim.pid == pid)
			return true;
	return false;
}

/* Equal points leave the choice to the order of the kernel's list of tasks. */
static bool predicted(const struct oom_attempt *attempt, const struct oom_kill *kill)
{
	for (size_t i = 0; i < kill->n_ranking; i++) {
		const struct oom_task *task = &kill->ranking[i];

		if (i && task->points != kill->ranking[0].points)
			break;
		if (died(attempt, kill, task->pid))
			return true;
	}
	return false;
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_kill *miss = NULL;
	size_t judged = 0;

	for (size_t i = 0; i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];

		if (!kill->n_ranking || !oom_kill_is_kernels(kill))
			continue;
		judged++;
		if (!miss && !predicted(c->attempt, kill))
			miss = kill;
	}
	if (!judged) {
		oom_expect_inconclusive(c, ret, "no task table was logged");
		return;
	}
	oom_expect_bool(c, !miss, ret);
	if (miss)
		ret->reason = oom_arena_printf(c->arena,
			"predicted %" PRId64 " (%s), but %" PRId64 " (%s) died",
			miss->ranking[0].pid, miss->ranking[0].comm ? miss->ranking[0].comm : "?",
			miss->victim.pid, miss->victim.comm ? miss->victim.comm : "?");
}

const struct oom_expect oom_expect_predicted_victim = {
	.key = {.name = "PredictedVictim",
		.type = OOM_T_BOOL,
		.help = "was every victim the one that the kernel's formula predicts?"},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_VICTIM | OOM_FACT_COUNT,
	.judge = judge,
};
