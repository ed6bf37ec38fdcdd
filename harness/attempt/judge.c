// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/judge.h"

#include "harness/expects/expect.h"

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
	}
	return 0;
}
