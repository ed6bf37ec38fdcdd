/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_STALE_H
#define OOM_STALE_H

#include "harness/campaign/campaign.h"

/* Finished attempts of a journal that were made from something else than they would be now. Their lines stay there;
 * they are run again, or left out of the record where they are not in the plan. */

/* One of them, of @job (NULL: not in the plan); @changed: the first input that differs, as long as the run lives. */
void oom_stale_add(struct oom_run_command *command, struct oom_job *job, const char *changed);
/* The journal has been read: how many, and why. Those that have been made again since then are not counted. */
void oom_stale_tell(struct oom_run_command *command);

#endif
