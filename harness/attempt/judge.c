// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/judge.h"

#include "harness/expects/expect.h"
#include "harness/faults/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>

static const char *set_up_failed(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].page->state == OOM_LOAD_FAILED)
			return oom_arena_printf(&run->record->arena,
				"workload '%s' cannot start: %s", run->workloads[i].name,
				run->workloads[i].page->msg);
	for (size_t i = 0; i < run->n_faults; i++) {
		const struct oom_fault *fault = run->faults[i].fault;

		if (run->faults[i].result < 0)
			return oom_arena_printf(&run->record->arena, "fault '%s' failed: %s",
				fault->kind.name, strerror(-run->faults[i].result));
	}
	return NULL;
}

/* A workload that had to be ended is a failure unless the scenario says what becomes of it. */
static const char *stuck_unexpected(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++) {
		const struct oom_run_workload *w = &run->workloads[i];
		const struct oom_section *expect =
			oom_scenario_section(run->scenario, OOM_SEC_EXPECT, w->name);

		if (w->stuck && !(expect && oom_section_get(expect, "Survives")))
			return oom_arena_printf(
				&run->record->arena, "'%s' had not ended at the deadline", w->name);
	}
	return NULL;
}

int oom_run_judge(struct oom_run_state *run)
{
	struct oom_attempt *record = run->record;
	const char *why = set_up_failed(run);
	int r = oom_expects_judge(run->scenario, run->machine_bytes, record);

	if (r < 0)
		return r;
	if (why) {
		record->verdict = OOM_BROKEN;
		record->reason = why;
	} else if ((why = stuck_unexpected(run)) && record->verdict == OOM_PASS) {
		record->verdict = OOM_FAIL;
		record->reason = why;
	}
	return 0;
}
