/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KIN_H
#define OOM_KIN_H

#include "harness/state/state.h"

/* Whose a process was. */
enum oom_kinship {
	OOM_KINSHIP_UNKNOWN, /* what is known of forks does not reach so far */
	OOM_KINSHIP_NONE, /* it descends from no workload */
	OOM_KINSHIP_DESCENDANT,
	OOM_KINSHIP_OWN, /* the workload's own (main) process, or a thread of it */
};

struct oom_kin {
	enum oom_kinship kinship;
	struct oom_run_workload *workload; /* of OWN and DESCENDANT */
	uint64_t
		start_us; /* when the process was forked, CLOCK_MONOTONIC; 0: before the lineage began, unknown */
};

/* By the lineage: what was @pid at @time_us (CLOCK_MONOTONIC; @slack_us: it may have been so much later)? */
struct oom_kin oom_kin_of(
	const struct oom_run_state *run, int64_t pid, uint64_t time_us, uint64_t slack_us);
/*
 * The victim of a kill; without a lineage by its pid, a child that the workload named, the session or the
 * ancestors that the dying process still had, the parents that were told of the death, or its cgroup.
 */
struct oom_kin oom_kin_of_victim(const struct oom_run_state *run, const struct oom_kill *kill);

/* OOM_KIN_OWN, OOM_KIN_DESCENDANT, OOM_KIN_NONE; NULL: not known */
const char *oom_kin_word(const struct oom_kin *kin);

#endif
