// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/stale.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *input, *words;
} reasons[] = {
	{"inputs", "whose record does not tell what it was made from"},
	{"program", "made by another oomgate"},
	{"workloads", "made with another oomgate-workload"},
	{"image", "whose image has changed"},
	{"kernel", "whose kernel has changed"},
	{"initrd", "whose kernel's modules have changed"},
	{"payload", "whose program's libraries have changed"},
	{"config", "whose --config tree has changed"},
	{"machine", "made on another machine"},
	{"scenario", "whose scenario has changed"},
	{"seed", "of another seed"},
	{"timeout_us", "with another --timeout"},
};

enum { REASONS = sizeof(reasons) / sizeof(*reasons) };

void oom_stale_add(struct oom_run_command *command, struct oom_job *job, const char *changed)
{
	if (job)
		job->changed = changed;
	else
		command->stale.left_out++;
}

static void tell(struct oom_run_command *command, const char *what, size_t n, const char *words)
{
	char line[256];

	snprintf(line, sizeof(line), "%s: %zu attempt%s %s", what, n, n == 1 ? "" : "s", words);
	oom_progress_say(command, line);
}

void oom_stale_tell(struct oom_run_command *command)
{
	size_t n[REASONS] = {0};

	for (size_t i = 0; i < command->n_jobs; i++) {
		const struct oom_job *job = &command->jobs[i];

		for (int r = 0; job->changed && !job->done && r < REASONS; r++)
			n[r] += !strcmp(reasons[r].input, job->changed);
	}
	for (int r = 0; r < REASONS; r++) {
		command->stale.planned += n[r];
		if (n[r])
			tell(command, "run again", n[r], reasons[r].words);
	}
	if (command->stale.left_out)
		tell(command, "left out, not in this plan", command->stale.left_out,
			"made from something else than now");
}
