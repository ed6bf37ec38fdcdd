/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_TRIGGER_H
#define OOM_TRIGGER_H

#include "harness/state/state.h"
#include "lib/base/err.h"

int oom_faults_prepare(struct oom_run_state *run, struct oom_err *err);
void oom_faults_release(struct oom_run_state *run);
int oom_triggers_prepare(struct oom_run_state *run, struct oom_err *err);
/* Fires what has come, and weighs what still can. */
void oom_triggers_check(struct oom_run_state *run);
/* The event of Until= may come while the run settles: all was quiet before, and a killed one ends late. */
void oom_triggers_end(struct oom_run_state *run);

#endif
