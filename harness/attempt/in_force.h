/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_IN_FORCE_H
#define OOM_ATTEMPT_IN_FORCE_H

#include "harness/state/state.h"

/*
 * Before the gate opens: are the limits of the units and of the workloads, which stand there, in force? They are read
 * back from cgroups and processes. -ENOTSUP where this machine cannot have one (the attempt is skipped), -EIO where it
 * has another value than was asked for (broken).
 */
int oom_in_force_check(struct oom_run_state *run, struct oom_err *err);

/* The value of @key in the text of /proc/PID/status ("Mems_allowed_list:\t0-1\n"), into @buf; "" where there is none. */
const char *oom_status_value(const char *status, const char *key, char *buf, size_t size);

#endif
