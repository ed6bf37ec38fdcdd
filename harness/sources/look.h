/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOOK_H
#define OOM_LOOK_H

#include "harness/state/state.h"

/* Looks at processes in mid-run, while they are there: nothing here allocates. */
struct oom_looker {
	int cgroup_fd; /* where cgroup v2 is mounted; -1: nowhere */
	size_t root_len; /* of that place's path */
};

/* Finds that place, and looks at the daemons that run already: PID 1, services of the scenario, known ones. */
void oom_looker_open(struct oom_looker *looker, const struct oom_run_state *run);
/* What @pid is now: an index into lineage->looks; -1: there is no room for another. @cgroup_id: as the kernel
 * noted it with the signal; 0: not noted. */
int oom_look_at(
	const struct oom_looker *looker, struct oom_lineage *lineage, int pid, uint64_t cgroup_id);
/* The innermost of run->units that @pid is in; -1: none, or it is gone. */
int oom_look_unit(const struct oom_run_state *run, int pid);

#endif
