// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <signal.h>

/* What the kill's own line says, else what its killer implies: only 10 headers in 5 s are printed.
 */
static enum oom_constraint constraint_of(const struct oom_kill *kill)
{
	if (kill->constraint != OOM_CONSTRAINT_UNKNOWN)
		return kill->constraint;
	switch (kill->killer) {
	case OOM_KILLER_KERNEL_MEMCG:
		return OOM_CONSTRAINT_MEMCG;
	case OOM_KILLER_KERNEL_CPUSET:
		return OOM_CONSTRAINT_CPUSET;
	case OOM_KILLER_KERNEL_MEMPOLICY:
		return OOM_CONSTRAINT_MEMPOLICY;
	case OOM_KILLER_KERNEL_GLOBAL:
	case OOM_KILLER_KERNEL_SYSRQ:
		return OOM_CONSTRAINT_NONE;
	default:
		return OOM_CONSTRAINT_UNKNOWN;
	}
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kills_doubt(c), *list = NULL;
	bool failed = false;

	for (size_t i = 0; i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];
		enum oom_constraint constraint = constraint_of(kill);

		if (!oom_kill_is_kernels(kill))
			continue;
		list = oom_expect_list_add(c, list, oom_constraint_name(constraint));
		if (constraint == OOM_CONSTRAINT_UNKNOWN) {
			doubt = "the kernel log does not name the constraint of every kill";
			continue;
		}
		oom_expect_word(c, oom_constraint_name(constraint), ret);
		failed = failed || ret->verdict != OOM_PASS;
	}
	oom_expect_observed(
		c, failed || !list ? OOM_FAIL : OOM_PASS, ret, "%s", list ? list : "no kill");
	if (doubt && !failed)
		oom_expect_inconclusive(c, ret, "%s", doubt);
}

const struct oom_expect oom_expect_constraint = {
	.key = {.name = "Constraint",
		.type = OOM_T_ALTERNATIVES,
		.help = "what was full at every kill: none is the machine, memcg a limit",
		.choices = "none|memcg|cpuset|mempolicy"},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_KILLER | OOM_FACT_COUNT,
	.judge = judge,
};
