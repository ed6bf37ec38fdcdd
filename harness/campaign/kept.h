/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KEPT_H
#define OOM_KEPT_H

#include "harness/campaign/campaign.h"

/* Finished attempts that a folder holds and that are not in the plan of the run that goes on there. They stay: in
 * the journal, in run.json behind those of the plan, and in the exit status. */

/* One line of the journal, @len bytes at @offset; of two about the same attempt the first counts. 0 or -errno. */
int oom_kept_add(struct oom_run_command *command, const struct oom_attempt *attempt,
	uint64_t offset, uint32_t len);
/* The journal has been read. -EEXIST: none of its attempts is in the plan, it is another run's. Otherwise those
 * that are not are named. */
int oom_kept_check(struct oom_run_command *command, struct oom_err *err);
/* Behind the attempts of the plan; with their machines, as the run.json that is about to be replaced has them. */
int oom_kept_finish(struct oom_run_command *command);
void oom_kept_release(struct oom_run_command *command);

#endif
