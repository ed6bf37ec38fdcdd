/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RANK_H
#define OOM_RANK_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/oracle/badness.h"

/*
 * Who would die next: the processes of a machine, or of a copy of its /proc and /sys/fs/cgroup, by the
 * kernel's formula.
 */

struct oom_rank_task {
	struct oom_task task; /* .points by the rule of the domain */
	int64_t oom_score; /* /proc/PID/oom_score; -1: not readable */
	int64_t expected_score; /* what it should be by our formula (always of the whole machine) */
	bool init; /* the machine's first process: never taken */
	const char *cgroup; /* path of its memory cgroup; NULL */
	const char *group; /* the cgroup that would die with it (memory.oom.group); NULL */
};

struct oom_rank {
	struct oom_rank_task *tasks; /* highest first; those that cannot be taken last */
	size_t n_tasks;
	struct oom_badness_rule rule; /* of the domain asked for */
	struct oom_badness_rule machine; /* of the whole machine */
	bool legacy; /* oom_score as before 5.9 */
	size_t n_scores,
		n_agree; /* processes with an oom_score, and those where it is as expected */
	bool oom_group; /* the domain's own memory.oom.group */
	int64_t limit_kib, usage_kib; /* of the cgroup; -1 */
};

/*
 * Reads below @root_fd: proc/, sys/fs/cgroup/, sys/devices/system/node/. @cgroup: only what is in or
 * below that path ("/system.slice"), against its limit; NULL: all. @node: against the memory of that
 * node; -1: all. Processes that end meanwhile are left out. Everything lives in @arena.
 * -ENOENT without a /proc or such a cgroup or node, -EINVAL when the cgroup has no limit, -ENOMEM.
 */
int oom_rank_read(struct oom_arena *arena, int root_fd, const char *cgroup, int node,
	struct oom_err *err, struct oom_rank *ret);

#endif
