// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <string.h>

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kills_doubt(c), *first = NULL, *name;
	bool open = true;

	for (size_t i = 0; i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];

		if (!oom_kill_is_kernels(kill))
			continue;
		name = oom_expect_victim_name(c, kill);
		open &= kill->order_unknown;
		if (first && open && strcmp(first, name))
			doubt = "it is not known who of them was killed first";
		if (oom_expect_may_be_anybodys(kill) && strcmp(c->wanted->text, "nobody") != 0)
			doubt = OOM_EXPECT_STRAY;
		first = first ? first : name;
		if (!open)
			break;
	}
	oom_expect_word(c, first ? first : "nobody", ret);
	/* an earlier one may be among the lost */
	if (doubt)
		oom_expect_inconclusive(c, ret, "%s", doubt);
}

const struct oom_expect oom_expect_first_victim = {
	.key = {.name = "FirstVictim",
		.type = OOM_T_ALTERNATIVES,
		.help = "workload of the first victim, whatever follows; nobody",
		.choices = "nobody",
		.flags = OOM_KEY_WORKLOAD},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_VICTIM | OOM_FACT_COUNT | OOM_FACT_TIME,
	.judge = judge,
};
