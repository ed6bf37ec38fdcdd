// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/campaign.h"
#include "harness/campaign/seed.h"

#include <errno.h>

static unsigned repeat_of(
	const struct oom_run_command *command, const struct oom_scenario *scenario)
{
	const struct oom_section *section = oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL);

	if (command->options.repeat)
		return command->options.repeat;
	return section ? (unsigned)oom_section_int(section, "Repeat", 1) : 1;
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
					.seed = oom_seed_of(command->options.seed, scenario->id,
						command->run->machines[m].id, a)};
			}
		}
	}
	return 0;
}
