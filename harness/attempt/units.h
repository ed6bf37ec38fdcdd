/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_UNITS_H
#define OOM_ATTEMPT_UNITS_H

#include "harness/state/state.h"
#include "lib/base/err.h"

/* The steps. All return 0 or -errno with @err. */
int oom_backend_open(struct oom_run_state *run, struct oom_err *err);
int oom_units_start(struct oom_run_state *run, struct oom_err *err);
int oom_sysctls_set(struct oom_run_state *run, struct oom_err *err);

#endif
