/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_AGENT_H
#define OOM_GUEST_AGENT_H

#include "harness/guest/internal.h"

/* Runs one job in a child, with a sign of life every second; hands over its record and its evidence. */
int oom_agent_run(int port, struct oom_guest_job *job, oom_guest_run_fn run, struct oom_err *err);

#endif
