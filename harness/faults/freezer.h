/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_FAULTS_FREEZER_H
#define OOM_FAULTS_FREEZER_H

#include "harness/state/state.h"
#include "lib/base/err.h"

/* freeze and thaw: writes @text to the cgroup.freeze of @unit. -ESRCH where it has no process. */
int oom_freezer_prepare(struct oom_backend_unit *unit, const char *text, struct oom_run_state *run,
	struct oom_err *err, void **ret_data);
int oom_freezer_fire(struct oom_run_state *run, void *data);
void oom_freezer_release(void *data);

#endif
