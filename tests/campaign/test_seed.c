// SPDX-License-Identifier: LGPL-2.1-or-later
/* An attempt's seed follows from what it is, wherever it stands in a plan. */
#include "harness/campaign/seed.h"

#include <criterion/criterion.h>
#include <string.h>

static struct oom_scenario one = {.id = "memcg/one"}, two = {.id = "memcg/two"},
			   three = {.id = "swap/three"};

/* The plan of @scenarios on machines of @ids; release with plan_release(). */
static void plan(struct oom_run_command *command, struct oom_scenario **scenarios, size_t count,
	const char *const *ids, uint64_t seed)
{
	struct oom_err err = {0};

	*command = (struct oom_run_command){.run = oom_run_new()};
	command->set.scenarios = scenarios;
	command->set.count = count;
	command->options.seed = seed;
	command->options.repeat = 3;
	for (; *ids; ids++)
		oom_run_add_machine(command->run)->id = *ids;
	cr_assert_eq(oom_plan_build(command, &err), 0, "%s", err.msg);
}

static void plan_release(struct oom_run_command *command)
{
	oom_arena_release(&command->arena);
	oom_run_free(command->run);
}

static uint64_t seed_in(const struct oom_run_command *command, const char *scenario,
	const char *machine, unsigned attempt)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		const struct oom_job *job = &command->jobs[i];

		if (!strcmp(job->scenario->id, scenario) && job->attempt == attempt &&
			!strcmp(command->run->machines[job->machine].id, machine))
			return job->seed;
	}
	cr_assert_fail("not in the plan: %s on %s", scenario, machine);
	return 0;
}

Test(seed, does_not_depend_on_the_plan)
{
	struct oom_scenario *all[] = {&one, &two, &three}, *some[] = {&three, &one};
	static const char *const machines[] = {"a", "b", NULL}, *const others[] = {"c", "b", NULL};
	struct oom_run_command whole, part, other_seed;

	plan(&whole, all, 3, machines, 42);
	plan(&part, some, 2, others, 42);
	plan(&other_seed, all, 3, machines, 43);
	for (unsigned attempt = 1; attempt <= 3; attempt++) {
		uint64_t seed = seed_in(&whole, "memcg/one", "b", attempt);

		cr_expect_eq(seed, seed_in(&part, "memcg/one", "b", attempt));
		cr_expect_eq(seed_in(&whole, "swap/three", "b", attempt),
			seed_in(&part, "swap/three", "b", attempt));
		cr_expect_neq(seed, seed_in(&other_seed, "memcg/one", "b", attempt));
	}
	plan_release(&whole);
	plan_release(&part);
	plan_release(&other_seed);
}

Test(seed, is_another_for_each_attempt)
{
	struct oom_scenario *all[] = {&one, &two, &three};
	static const char *const machines[] = {"a", "b", NULL};
	struct oom_run_command command;

	plan(&command, all, 3, machines, 42);
	cr_assert_eq(command.n_jobs, 18);
	for (size_t i = 0; i < command.n_jobs; i++)
		for (size_t j = 0; j < i; j++)
			cr_expect_neq(command.jobs[i].seed, command.jobs[j].seed);
	plan_release(&command);
	/* where one text ends and the next begins counts */
	cr_expect_neq(oom_seed_of(1, "ab", "c", 1), oom_seed_of(1, "a", "bc", 1));
}
