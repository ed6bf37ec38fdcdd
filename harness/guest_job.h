/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_JOB_H
#define OOM_GUEST_JOB_H

#include "harness/guest.h"

/* One attempt inside the guest, with scopes: what the agent is given to run. */
int oom_guest_job_run(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret);

#endif
