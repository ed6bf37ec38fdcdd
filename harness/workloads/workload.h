/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_WORKLOAD_H
#define OOM_WORKLOAD_H

#include "harness/load/load.h"
#include "lib/scenario/scenario.h"

/*
 * A workload is one const struct at the end of its own file in workloads/ and one line in
 * workloads.def. The file is linked into both programs: oomgate reads the description,
 * oomgate-workload runs run(). Copy workloads/anon.c.
 */
enum oom_workload_flag {
	OOM_WORKLOAD_BYSTANDER = 1 << 0, /* never ends by itself: the run does not wait for it */
	OOM_WORKLOAD_HOST_RISK = 1 << 1, /* can take a host down even inside a scope */
	OOM_WORKLOAD_PROGRAM = 1 << 2, /* runs a program, whose processes have names of their own */
};

struct oom_workload {
	struct oom_kind kind; /* name, help, its keys beyond the common ones */
	unsigned flags;
	const char *needs; /* needs separated by blanks (harness/needs/needs.def); NULL: none */
	const char *ops; /* what .ops counts: "forks"; NULL: nothing */
	/* In the process of oomgate-workload, inside its cgroup. Prepares, calls oom_load_gate() once,
	 * presses, returns the exit status (or execs the program that does). */
	int (*run)(struct oom_load *load);
};

#define WORKLOAD(ident) extern const struct oom_workload oom_workload_##ident;
#include "harness/workloads/workloads.def"
#undef WORKLOAD

extern const struct oom_workload *const oom_workloads[]; /* NULL at the end */
const struct oom_workload *oom_workload_find(const char *name);
/* the workload a section's type belongs to */
#define oom_workload_of(kind_ptr)                                                                  \
	((const struct oom_workload *)((const char *)(kind_ptr)-offsetof(                          \
		struct oom_workload, kind)))

#endif
