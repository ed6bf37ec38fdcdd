/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EVIDENCE_NAME_H
#define OOM_EVIDENCE_NAME_H

#include "harness/campaign/campaign.h"

/* Where the raw evidence of @job goes: "DIR/debian_bookworm/cow/fork/1", without the characters that other file
 * systems and those who archive a folder refuse. No two jobs of a run have the same. 0 or -ENAMETOOLONG. */
int oom_evidence_name(
	const struct oom_run_command *command, const struct oom_job *job, char *buf, size_t size);

#endif
