/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RECORD_MERGE_H
#define OOM_RECORD_MERGE_H

#include "lib/record/record.h"

/* A kill by the mark_victim tracepoint. */
struct oom_marked_kill {
	int64_t pid, time_us; /* in the kernel log's clock, where the error is known */
	const char *comm; /* NULL: not told */
	int64_t invoker_pid;
	const char *invoker_comm;
};

/*
 * Puts those of @marked (in order) that the kernel log does not tell of among @attempt's kills, which are in the
 * log's order, each where it happened: between kills that both tell of, else by time. The kernel kills one process
 * at a time (mm/oom_kill.c, oom_lock): a line that is later than a mark belongs to a later kill. @error_us: how far
 * the two clocks may be apart, -1: not known. Where that leaves the order open, the kills get .order_unknown. 0 or
 * -ENOMEM.
 */
int oom_kills_merge(struct oom_attempt *attempt, const struct oom_marked_kill *marked, size_t count,
	int64_t error_us);

#endif
