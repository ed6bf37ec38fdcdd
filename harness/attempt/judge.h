/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_JUDGE_H
#define OOM_JUDGE_H

#include "harness/state/state.h"

/* The verdict of a record that is whole: its expectations, then what the run itself knows (a set-up that failed, a
 * workload that had not ended). 0 or -ENOMEM. */
int oom_run_judge(struct oom_run_state *run);

#endif
