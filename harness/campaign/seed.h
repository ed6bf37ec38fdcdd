/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SEED_H
#define OOM_SEED_H

#include "harness/campaign/campaign.h"

/* The seed of a run, in a file of its folder from the beginning on: run.json comes at the end. */
#define OOM_SEED_FILE "run.seed"

/* --resume: that of the run in the folder becomes this run's. -EINVAL: --seed names another one. A folder that
 * holds none, or of an older version and cut off, leaves it as it is. Changes nothing there. */
int oom_seed_settle(struct oom_run_options *options, struct oom_err *err);
/* Writes it down where none is; 0 or -errno. */
int oom_seed_write(const char *dir, uint64_t seed);

/*
 * The seed of one attempt. It follows from the run's, and from what the attempt is; where it stands in the plan does
 * not matter: it is the same in a part of the run, in another order, and when the run goes on later.
 */
uint64_t oom_seed_of(
	uint64_t run_seed, const char *scenario, const char *machine, unsigned attempt);

#endif
