// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/campaign.h"

#include <errno.h>

static unsigned repeat_of(
	const struct oom_run_command *command, const struct oom_scenario *scenario)
{
	const struct oom_section *section = oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL);

	if (command->options.repeat)
		return command->options.repeat;
	return section ? (unsigned)oom_section_int(section, "Repeat", 1) : 1;
}

/* Each attempt has a seed of its own that follows from the run's: splitmix64 (Steele, Lea and Flood,
 * "Fast splittable pseudorandom number generators", 2014). */
static uint64_t seed_of(uint64_t run_seed, size_t job)
{
	uint64_t z = run_seed + 0x9e3779b97f4a7c15u * (job + 1);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int oom_plan_build(struct oom_run_command *command, struct oom_err *err)
{
	size_t n = 0;

	for (size_t s = 0; s < command->set.count; s++)
		n += repeat_of(command, command->set.scenarios[s]) * command->run->n_machines;
	command->jobs = oom_arena_alloc(&command->arena, (n + 1) * sizeof(*command->jobs));
	if (!command->jobs)
		return oom_err_set(err, ENOMEM, "no memory for %zu attempts", n);
	for (size_t s = 0; s < command->set.count; s++) {
		const struct oom_scenario *scenario = command->set.scenarios[s];

		for (size_t m = 0; m < command->run->n_machines; m++) {
			for (unsigned a = 1; a <= repeat_of(command, scenario); a++) {
				size_t i = command->n_jobs++;

				command->jobs[i] = (struct oom_job){.scenario = scenario,
					.machine = m,
					.attempt = a,
					.seed = seed_of(command->options.seed, i)};
			}
		}
	}
	return 0;
}
