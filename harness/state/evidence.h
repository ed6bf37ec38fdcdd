/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EVIDENCE_H
#define OOM_EVIDENCE_H

#include "harness/state/state.h"

/* Opens a file for raw evidence in the attempt's folder; -ENOENT where none is kept. */
int oom_evidence_open(const struct oom_run_state *run, const char *name);

#endif
