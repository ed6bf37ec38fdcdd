// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <string.h>

/* "signal" says little: which, and from whom; so of a daemon that may send one or the other. NULL: no more. */
static const char *named_signal(const struct oom_expect_case *c, enum oom_killer killer)
{
	char words[128];

	oom_workload_killer(c->attempt, c->workload, false, words, sizeof(words));
	return strcmp(words, oom_killer_name(killer)) ? oom_arena_printf(c->arena, "%s", words)
						      : NULL;
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const struct oom_workload_rec *workload = c->workload;
	enum oom_killer killer = workload->killed_by;
	const char *doubt;

	/* what killed its children before is evidence */
	if (workload->kills <= 0 && oom_expect_by_harness(c, ret))
		return;
	if (killer == OOM_KILLER_UNKNOWN && workload->end != OOM_END_SIGNALLED &&
		workload->kills <= 0)
		killer = OOM_KILLER_NOBODY;
	oom_expect_word(c, oom_killer_name(killer), ret);
	if (ret->verdict == OOM_FAIL && workload->end == OOM_END_SIGNALLED &&
		killer != OOM_KILLER_NOBODY)
		ret->reason = named_signal(c, killer);
	/* that it ended by itself says nothing of what it started */
	doubt = killer == OOM_KILLER_NOBODY && oom_expect_runs_program(c)
		? oom_expect_stray_doubt(c)
		: NULL;
	if (doubt)
		oom_expect_inconclusive(c, ret, "%s", doubt);
	if (killer != OOM_KILLER_UNKNOWN || ret->verdict == OOM_PASS)
		return;
	doubt = oom_expect_kills_doubt(c);
	if (!doubt)
		doubt = oom_expect_source_doubt(c, "signal_generate");
	oom_expect_inconclusive(c, ret, "%s", doubt ? doubt : "no source names the sender");
}

const struct oom_expect oom_expect_killed_by = {
	.key = {.name = "KilledBy",
		.type = OOM_T_ALTERNATIVES,
		.help = "who killed it",
		.choices = "kernel-memcg|kernel-global|kernel-cpuset|kernel-mempolicy|"
			   "kernel-sysrq|systemd-oomd|earlyoom|nohang|lowmemorykiller|systemd|"
			   "signal|nobody|unknown"},
	.about = OOM_ABOUT_WORKLOAD,
	.judge = judge,
};
