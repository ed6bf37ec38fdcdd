/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FAULT_H
#define OOM_FAULT_H

#include "lib/base/err.h"
#include "lib/scenario/scenario.h"

struct oom_run_state; /* harness/state/state.h: what is going on in an attempt */

/*
 * A fault is one const struct at the end of its own file in faults/ and one line in faults.def.
 * prepare() runs before the gate opens and may allocate, open files and append to the undo list;
 * fire() runs in the middle of the pressure and may do neither. What it returns, 0 or -errno, is the kernel's
 * answer, as it is: it goes into the record and is judged (harness/expects/precondition.h). -ESRCH: there was no
 * process left to do it to. Copy faults/limit.c.
 */
struct oom_fault {
	struct oom_kind kind;
	const char *needs;
	bool host_risk;
	/* *ret_data is handed to fire() and release() */
	int (*prepare)(struct oom_run_state *run, const struct oom_section *section,
		struct oom_err *err, void **ret_data);
	int (*fire)(struct oom_run_state *run, void *data);
	/* Of a fault that fire() only sets going: 1 while it is under way, 0, or -errno when it failed.
	 * The run is not over before. NULL: fire() has done it all. */
	int (*under_way)(void *data);
	void (*release)(void *data);
	bool lasts; /* what it has set going may show at any later time: a signal is heeded when it is */
};

#define FAULT(ident) extern const struct oom_fault oom_fault_##ident;
#include "harness/faults/faults.def"
#undef FAULT

extern const struct oom_fault *const oom_faults[]; /* NULL at the end */
#define oom_fault_of(kind_ptr)                                                                     \
	((const struct oom_fault *)((const char *)(kind_ptr)-offsetof(struct oom_fault, kind)))

#endif
