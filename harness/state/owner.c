// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/owner.h"

#include "lib/kernel/cgroup_path.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

bool oom_run_is_own(const struct oom_run_workload *workload, int64_t pid, uint64_t time_us)
{
	return pid > 0 && workload->pid == pid &&
		(!workload->ended || time_us == UINT64_MAX || time_us <= workload->end_us);
}

struct oom_run_workload *oom_run_owner(
	const struct oom_run_state *run, int pid, int kin, const char *cgroup, uint64_t time_us)
{
	struct oom_run_workload *only = NULL;

	for (size_t i = 0; i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];
		uint32_t n = w->page->n_children;

		if (oom_run_is_own(w, pid, time_us) || oom_run_is_own(w, kin, time_us))
			return w;
		for (uint32_t c = 0; c < n && c < OOM_LOAD_CHILDREN; c++)
			if (w->page->children[c] == pid || w->page->children[c] == kin)
				return w;
	}
	for (size_t i = 0; cgroup && i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];

		if (!w->unit || !oom_cgroup_is_within(cgroup, w->unit->cgroup))
			continue;
		if (only)
			return NULL;
		only = w;
	}
	return only;
}
