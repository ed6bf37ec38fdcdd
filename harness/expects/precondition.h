/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPECTS_PRECONDITION_H
#define OOM_EXPECTS_PRECONDITION_H

#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

/*
 * What a scenario relies on without a word: its faults fired and were done (or answered as Errno= says), its
 * workloads were started, Until= came. Fills .verdict and .reason of each of @attempt's preconditions:
 * pass: met, or Optional=, StartOptional=, UntilOptional=, Started=no allow that it was not;
 * fail: not met, and the one that was waited for was ended by a kernel's or a daemon's kill;
 * inconclusive: the same, where nobody knows whose kill it was; broken: not met for any other cause.
 * A pure function of the record. 0 or -ENOMEM.
 */
int oom_preconditions_judge(
	const struct oom_scenario *scenario, uint64_t machine_bytes, struct oom_attempt *attempt);

/* Of those that were judged: fail before broken before inconclusive; *ret_reason: of the first that is so. */
enum oom_verdict oom_preconditions_verdict(
	const struct oom_attempt *attempt, const char **ret_reason);
/* That of @workload's Start=; NULL: it has none. */
const struct oom_precondition_rec *oom_precondition_of_start(
	const struct oom_attempt *attempt, const char *workload);

#endif
