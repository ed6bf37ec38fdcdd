/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GATE_H
#define OOM_GATE_H

#include "harness/state/state.h"

/* Opens the gate of one workload now. */
void oom_workload_go(struct oom_run_workload *workload);
/* Takes its first process's end, if it has ended; .ended tells. */
void oom_workload_reap(struct oom_run_workload *workload);

#endif
