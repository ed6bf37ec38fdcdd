/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LAUNCH_H
#define OOM_LAUNCH_H

#include "harness/state/state.h"
#include "lib/base/err.h"

int oom_launch(struct oom_run_state *run, struct oom_err *err);
void oom_launch_release(struct oom_run_state *run);

#endif
