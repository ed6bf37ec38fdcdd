/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_INPUTS_H
#define OOM_INPUTS_H

#include "harness/campaign/campaign.h"

/*
 * What an attempt is made from, as names and values in its record: SHA-256 of the scenario's file, of the program
 * and its workloads' program, of image, kernel, initial file system, payload and --config tree; the machine (QEMU and
 * accelerator of a guest; kernel, processor and back end of this one); seed, and --timeout. A verdict holds for these.
 */

/* Reads all that is the same for every attempt of a machine: once, when the machines are there. 0 or -errno. */
int oom_inputs_open(struct oom_run_command *command, struct oom_err *err);
/* Into the record of @job. 0 or -ENOMEM. */
int oom_inputs_note(const struct oom_run_command *command, const struct oom_job *job,
	struct oom_attempt *record);
/* The name of the first input of @record that is another one for @job now; NULL: it would be made from the same. A
 * record that does not tell what it was made from differs by "inputs". @job->scenario NULL: the machine's are compared
 * alone. Where nothing was opened nothing differs. */
const char *oom_inputs_differ(const struct oom_run_command *command, const struct oom_job *job,
	const struct oom_attempt *record);

#endif
