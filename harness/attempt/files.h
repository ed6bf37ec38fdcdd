/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_FILES_H
#define OOM_ATTEMPT_FILES_H

#include "harness/state/state.h"
#include "lib/base/err.h"

/* Writes the scenario's files (files.c): the guest's, which is thrown away. */
int oom_files_write(struct oom_run_state *run, struct oom_err *err);

#endif
