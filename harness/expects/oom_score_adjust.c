// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

/* The kill's own line has it since 5.4; before that the task table does. */
static int64_t adj_of(const struct oom_kill *kill)
{
	if (kill->victim.oom_score_adj != OOM_ADJ_UNKNOWN)
		return kill->victim.oom_score_adj;
	for (size_t i = 0; i < kill->n_tasks; i++)
		if (kill->tasks[i].pid == kill->victim.pid)
			return kill->tasks[i].oom_score_adj;
	return OOM_ADJ_UNKNOWN;
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_kill *kill = oom_expect_first_kill(c, ret);
	int64_t adj = kill ? adj_of(kill) : OOM_ADJ_UNKNOWN;
	char text[24];

	if (!kill)
		return;
	snprintf(text, sizeof(text), "%" PRId64, adj);
	oom_expect_range(c, adj, adj == OOM_ADJ_UNKNOWN ? NULL : text, ret);
}

const struct oom_expect oom_expect_oom_score_adjust = {
	.key = {.name = "OOMScoreAdjust",
		.type = OOM_T_RANGE_INT,
		.min = -1000,
		.max = 1000,
		.help = "oom_score_adj of its first victim when it was killed"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
