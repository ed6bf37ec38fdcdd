/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_COLLECT_H
#define OOM_COLLECT_H

#include "harness/state/state.h"

int oom_run_collect(struct oom_run_state *run);

#endif
