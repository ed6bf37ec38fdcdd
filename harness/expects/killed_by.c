// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "lib/record/death.h"

#include <string.h>

/* "signal" says little: which, and from whom; so of a daemon that may send one or the other. NULL: no more. */
static const char *named_signal(const struct oom_expect_case *c, enum oom_killer killer)
{
	char words[640];

	oom_workload_killer(c->attempt, c->workload, false, words, sizeof(words));
	return strcmp(words, oom_killer_name(killer)) ? oom_arena_printf(c->arena, "%s", words)
						      : NULL;
}

/* Is it a death that the expectation is about? Of a workload its own, else those of its descendants. */
static bool is_asked(const struct oom_expect_case *c, const struct oom_death *death, bool self)
{
	if (c->unit)
		return oom_death_in_unit(c->attempt, death, c->unit);
	return death->workload == c->workload &&
		death->own == (self || c->workload->own_killer != OOM_KILLER_NOBODY);
}

/* The word of KilledBy= that @death is by; NULL: none. *ret_open: it may be one of them. */
static const char *matching(
	const struct oom_expect_case *c, const struct oom_death *death, bool *ret_open)
{
	for (size_t i = 0; i < c->wanted->list.count; i++) {
		int r = oom_death_is_by(death, c->wanted->list.items[i]);

		if (r > 0)
			return c->wanted->list.items[i];
		*ret_open |= r < 0;
	}
	return NULL;
}

/* Why there may be a death that the record does not have; NULL: there is none. */
static const char *doubt_of_more(const struct oom_expect_case *c, bool self)
{
	const char *doubt = NULL;

	/* any type may start processes: cow and fork do, and each with Count= */
	if (c->unit || !self)
		doubt = oom_expect_kills_doubt(c);
	/* that it ended by itself says nothing of what it started */
	if (!doubt && !self && c->workload && oom_expect_runs_program(c))
		doubt = oom_expect_stray_doubt(c);
	/* a program may have heeded somebody's SIGTERM */
	if (!doubt &&
		(c->unit || (oom_expect_runs_program(c) && c->workload->end == OOM_END_EXITED)))
		doubt = oom_expect_source_doubt(c, "signal_generate");
	return doubt;
}

static const char *doubt_of_sender(const struct oom_expect_case *c)
{
	const char *doubt = oom_expect_kills_doubt(c);

	if (!doubt)
		doubt = oom_expect_source_doubt(c, "signal_generate");
	if (!doubt)
		doubt = oom_expect_source_doubt(c, "lineage");
	return doubt ? doubt : "who sent the signal was gone before it could be looked at";
}

void oom_expect_killers(const struct oom_expect_case *c, bool self, struct oom_expect_result *ret)
{
	const char *list = NULL, *more = NULL;
	struct oom_death *deaths = NULL;
	size_t count = 0;
	bool failed = false, unknown = false;

	/* what killed its children before is evidence */
	if (c->workload && (self || c->workload->descendants_killed <= 0) &&
		oom_expect_by_harness(c, ret))
		return;
	if (oom_attempt_deaths(c->attempt, c->arena, &deaths, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		bool open = false;
		const char *word =
			is_asked(c, &deaths[i], self) ? matching(c, &deaths[i], &open) : "";

		if (word && !*word)
			continue;
		failed |= !word && !open;
		unknown |= !word && open;
		list = oom_expect_list_add(
			c, list, word ? word : oom_killer_name(deaths[i].killer));
	}
	if (!list || (c->unit && !failed))
		more = doubt_of_more(c, self);
	if (list)
		oom_expect_observed(c, failed ? OOM_FAIL : OOM_PASS, ret, "%s", list);
	else
		oom_expect_word(c, oom_killer_name(OOM_KILLER_NOBODY), ret);
	if (ret->verdict == OOM_FAIL && c->workload && c->workload->own_killer != OOM_KILLER_NOBODY)
		ret->reason = named_signal(c, c->workload->own_killer);
	if (unknown && !failed)
		oom_expect_inconclusive(c, ret, "%s", doubt_of_sender(c));
	else if (more)
		oom_expect_inconclusive(c, ret, "%s", more);
}

static void judge(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	oom_expect_killers(c, false, ret);
}

const struct oom_expect oom_expect_killed_by = {
	.key = {.name = "KilledBy",
		.type = OOM_T_ALTERNATIVES,
		.help = "who killed it: of a workload its own (main) process, or asked that to end; where it "
			"ended by itself, its descendants; of a unit every process in it that was "
			"killed",
		.choices = OOM_KILLER_CHOICES,
		.flags = OOM_KEY_SENDER},
	.about = OOM_ABOUT_WORKLOAD | OOM_ABOUT_UNIT,
	.facts = OOM_FACT_VICTIM | OOM_FACT_KILLER | OOM_FACT_COUNT,
	.answers = OOM_FACT_KILLER,
	.judge = judge,
};
