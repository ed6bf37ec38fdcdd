/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EVIDENCE_KEEP_H
#define OOM_EVIDENCE_KEEP_H

#include "lib/record/record.h"

/* --evidence: which attempts keep their folder of raw evidence */
enum oom_evidence_kept {
	OOM_EVIDENCE_ALL,
	OOM_EVIDENCE_SAMPLE, /* and the first of each scenario on each machine, whatever its verdict */
	OOM_EVIDENCE_FAILED /* what is neither a pass nor skipped */
};

struct oom_run_command;

/* The words of --evidence, in the order of enum oom_evidence_kept; NULL at the end. */
extern const char *const oom_evidence_words[];

/* Does an attempt that ended like this keep its folder? @attempt: its number, from 1. */
bool oom_evidence_is_kept(enum oom_evidence_kept which, enum oom_verdict verdict, int64_t attempt);
/* Removes the raw evidence of a finished attempt that does not keep it, and what the record says of where it is. What
 * cannot be removed stays, and is told. */
void oom_evidence_settle(struct oom_run_command *command, struct oom_attempt *record);

#endif
