// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/judge.h"

static const char *set_up_failed(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].page->state == OOM_LOAD_FAILED)
			return oom_arena_printf(&run->record->arena,
				"workload '%s' cannot start: %s", run->workloads[i].name,
				run->workloads[i].page->msg);
	return NULL;
}

void oom_run_find_hindrance(struct oom_run_state *run)
{
	const char *why = set_up_failed(run);

	if (why)
		run->record->hindrance = why;
}
