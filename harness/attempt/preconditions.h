/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_PRECONDITIONS_H
#define OOM_ATTEMPT_PRECONDITIONS_H

#include "harness/state/state.h"

/* Puts faults, and what the scenario relies on, into the record; judged by harness/expects/precondition.h.
 * 0 or -ENOMEM. */
int oom_preconditions_collect(struct oom_run_state *run);

#endif
