/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_JUDGE_H
#define OOM_JUDGE_H

#include "harness/state/state.h"

/* Of a record that is whole: did a workload fail before it could begin? Then its hindrance says so. */
void oom_run_find_hindrance(struct oom_run_state *run);

#endif
