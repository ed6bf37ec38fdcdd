/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SENDER_H
#define OOM_SENDER_H

#include "harness/state/state.h"

/*
 * Fills in what the record's signals do not say by themselves: who sent them (the file it was started from, its
 * unit, its workload), whom they met, and whether they ended it. 0 or -ENOMEM.
 */
int oom_senders_identify(struct oom_run_state *run);

#endif
