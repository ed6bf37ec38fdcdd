/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_MACHINE_H
#define OOM_MACHINE_H

#include "lib/record/record.h"

#define OOM_MACHINE_HERE "host" /* its id in a record */

/* Adds this very machine to @run's machines: kernel, systemd, memory, CPUs. 0 or -ENOMEM. */
int oom_machine_describe(const char *backend, struct oom_run *run);

#endif
