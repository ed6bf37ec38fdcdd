/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_LOOP_H
#define OOM_ATTEMPT_LOOP_H

#include "harness/state/state.h"
#include "lib/base/err.h"

/* Opens the gate, serves events until the run is over and quiet. */
int oom_run_go(struct oom_run_state *run, struct oom_err *err);

#endif
