/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTRIBUTE_H
#define OOM_ATTRIBUTE_H

#include "harness/state/state.h"

/* Who killed whom: fills killed_by, evidence and the owner of each kill; finds disagreements. */
int oom_attribute(struct oom_run_state *run);

#endif
