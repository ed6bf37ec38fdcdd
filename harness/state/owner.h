/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_OWNER_H
#define OOM_OWNER_H

#include "harness/state/state.h"

/*
 * The workload that process @pid belongs to, or NULL: its first process, a child it named, its session or an
 * ancestor (@kin), or the only one of that cgroup or above it. @kin may be -1, @cgroup NULL. @time_us:
 * CLOCK_MONOTONIC when it was that process; UINT64_MAX: not known. Numbers alone: a pid that is used again is told
 * apart only by the lineage.
 */
struct oom_run_workload *oom_run_owner(
	const struct oom_run_state *run, int pid, int kin, const char *cgroup, uint64_t time_us);
/* Can @pid be the workload's own process at @time_us? Once that was reaped the number is anybody's. */
bool oom_run_is_own(const struct oom_run_workload *workload, int64_t pid, uint64_t time_us);

#endif
