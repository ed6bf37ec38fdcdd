// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"

#include <signal.h>
#include <string.h>

/* Is @name one of "hog|leak"? */
static bool is_one_of(const char *alternatives, const char *name)
{
	size_t len = strlen(name);

	while (1) {
		const char *end = strchrnul(alternatives, '|');

		if ((size_t)(end - alternatives) == len && !memcmp(alternatives, name, len))
			return true;
		if (!*end)
			return false;
		alternatives = end + 1;
	}
}

/* The i-th victim belongs to the i-th word, all later ones to the last. A victim that the record
 * lacks shifts the order, but never helps a victim that the only word does not name. */
static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt = oom_expect_kills_doubt(c), *list = NULL;
	size_t n_words = c->wanted->list.count, seen = 0;
	bool matches = true, ordered = true, stray = false;

	for (size_t i = 0; i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];
		size_t word = seen < n_words ? seen : n_words - 1;

		if (!oom_kill_is_kernels(kill))
			continue;
		seen++;
		ordered = ordered && !kill->order_unknown;
		list = oom_expect_list_add(c, list, oom_expect_victim_name(c, kill));
		if (oom_expect_may_be_anybodys(kill) &&
			strcmp(c->wanted->list.items[word], "nobody") != 0)
			stray = true;
		else
			matches = matches && kill->workload &&
				is_one_of(c->wanted->list.items[word], kill->workload);
	}
	if (!seen)
		matches = is_one_of(c->wanted->list.items[0], "nobody");
	else
		matches = matches && seen >= n_words;
	oom_expect_observed(c, matches ? OOM_PASS : OOM_FAIL, ret, "%s", list ? list : "nobody");
	if (doubt && (matches || !seen || n_words > 1))
		oom_expect_inconclusive(c, ret, "%s", doubt);
	else if (matches && stray)
		oom_expect_inconclusive(c, ret, OOM_EXPECT_STRAY);
	else if (!ordered && n_words > 1)
		oom_expect_inconclusive(c, ret, "the order of the kills is not known");
}

const struct oom_expect oom_expect_victim = {
	.key = {.name = "Victim",
		.type = OOM_T_WORDS,
		.help = "workloads of the victims, in order; the last word stands for all later "
			"ones; nobody",
		.choices = "nobody",
		.flags = OOM_KEY_WORKLOAD},
	.about = OOM_ABOUT_RUN,
	.facts = OOM_FACT_VICTIM | OOM_FACT_COUNT | OOM_FACT_TIME,
	.judge = judge,
};
