/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_LIMIT_H
#define OOM_CGROUP_LIMIT_H

#include "lib/base/err.h"
#include "lib/scenario/scenario.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Unit properties as files of a plain cgroup. v1 has one limit for memory and one for memory and
 * swap together, which may never be below the first.
 */
struct oom_cgroup_limits {
	const char *what; /* "scope 'box'", for messages */
	const char *dir; /* for messages */
	int dir_fd;
	int pids_fd; /* v1: in the pids hierarchy; -1: not mounted */
	bool v1;
	uint64_t memory_max; /* v1: as set; UINT64_MAX: none */
	uint64_t swap_max;
};

/* No swap in the machine: the kernel need not account it then. */
bool oom_no_swap(void);
/* Writes one property; allocates nothing. A property that only systemd can keep is -ENOTSUP. */
int oom_cgroup_limit_set(struct oom_cgroup_limits *limits, const char *property,
	const struct oom_value *value, struct oom_err *err);
/* All of a section's, in an order that v1 accepts. */
int oom_cgroup_limits_apply(
	struct oom_cgroup_limits *limits, const struct oom_section *section, struct oom_err *err);

#endif
