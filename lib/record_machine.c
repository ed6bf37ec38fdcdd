// SPDX-License-Identifier: LGPL-2.1-or-later
/* A scenario's [Machine] shapes its guest: what a machine of a run had is what its attempts had. */
#include "lib/record.h"

#include <string.h>

static void widen(struct oom_extent *span, int64_t value)
{
	if (value < 0)
		return;
	if (span->least < 0 || value < span->least)
		span->least = value;
	if (value > span->most)
		span->most = value;
}

static bool is_on(const struct oom_attempt *attempt, const char *id)
{
	return !strcmp(attempt->machine ? attempt->machine : "", id ? id : "");
}

struct oom_extent oom_run_memory_bytes(const struct oom_run *run, const char *id)
{
	struct oom_extent span = {-1, -1};

	for (size_t i = 0; i < run->n_attempts; i++)
		if (is_on(run->attempts[i], id))
			widen(&span, run->attempts[i]->memory_bytes);
	return span;
}

struct oom_extent oom_run_cpus(const struct oom_run *run, const char *id)
{
	struct oom_extent span = {-1, -1};

	for (size_t i = 0; i < run->n_attempts; i++)
		if (is_on(run->attempts[i], id))
			widen(&span, run->attempts[i]->cpus);
	return span;
}

/* Where no attempt says, what was known before stays. */
static void settle(int64_t *value, struct oom_extent span)
{
	if (span.least >= 0)
		*value = span.least == span.most ? span.least : -1;
}

void oom_run_settle_machines(struct oom_run *run)
{
	for (size_t i = 0; i < run->n_machines; i++) {
		struct oom_machine_rec *machine = &run->machines[i];

		settle(&machine->memory_bytes, oom_run_memory_bytes(run, machine->id));
		settle(&machine->cpus, oom_run_cpus(run, machine->id));
	}
}
