// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_workload_rec *w = c->workload;
	const char *doubt = NULL;

	/* a program may have heeded somebody's SIGTERM: only the trace tells */
	if (w->end == OOM_END_EXITED && w->asked_signal <= 0 && oom_expect_runs_program(c))
		doubt = oom_expect_source_doubt(c, "signal_generate");
	oom_expect_bool(c, w->end != OOM_END_SIGNALLED && w->asked_signal <= 0, ret);
	if (doubt)
		oom_expect_inconclusive(c, ret, "%s", doubt);
}

const struct oom_expect oom_expect_survives = {
	.key = {.name = "Survives",
		.type = OOM_T_BOOL,
		.help = "was it neither ended by a signal nor asked to end? Its own exit is no death"},
	.about = OOM_ABOUT_WORKLOAD,
	.facts = OOM_FACT_VICTIM,
	.judge = judge,
};
