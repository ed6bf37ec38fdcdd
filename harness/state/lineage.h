/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LINEAGE_H
#define OOM_LINEAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who forked whom, and who sent which signal, while a run went on. A pid is a number that is given to one
 * process after another: here a process is a pid and the time at which it was forked. All times are
 * CLOCK_MONOTONIC.
 */

struct oom_fork {
	uint64_t time_us;
	int tid, pid, parent; /* tid != pid: a thread of pid, of which parent is its own */
};

/* What a process was when it sent a signal. Empty: it was gone before it could be looked at. */
struct oom_look {
	int pid;
	uint64_t first_us; /* CLOCK_MONOTONIC: when it was looked at first */
	uint64_t start_ticks; /* /proc/PID/stat: it and the pid are the process */
	char exe[192]; /* what /proc/PID/exe points to */
	char cgroup[320]; /* "/system.slice/earlyoom.service" */
};

struct oom_seen_signal {
	uint64_t time_us;
	int sender, sender_tid, target, signal, code, result;
	int look; /* of the sender, in looks; -1: none */
	int target_unit; /* of run->units; -1: none of them, or it was gone */
};

enum { OOM_LOOKS = 64, OOM_SEEN_SIGNALS = 1024, OOM_SEEN_FORKS = 16384 };

struct oom_lineage {
	bool open;
	uint64_t lost_us; /* the last time that records were lost; 0: never, all is here */
	uint64_t opened_us; /* what was forked before is not here */
	struct oom_fork *forks; /* in order of tid, then of time: oom_lineage_sort() */
	size_t n_forks;
	uint64_t forks_not_kept;
	struct oom_look looks[OOM_LOOKS];
	size_t n_looks;
	struct oom_seen_signal signals[OOM_SEEN_SIGNALS];
	size_t n_signals;
	uint64_t signals_not_kept;
	bool signals_told; /* senders are looked at as they send */
};

void oom_lineage_sort(struct oom_lineage *lineage);
/* The fork that made what was @tid at @time_us; NULL: there is none here (see lost_us). */
const struct oom_fork *oom_lineage_fork(
	const struct oom_lineage *lineage, int tid, uint64_t time_us);

/*
 * The ancestors of @tid at @time_us, itself first, as long as they were forked here. Begin with .tid and
 * .time_us set; 1: .fork is the next one; 0: it was forked before the lineage began; -ENODATA: records were
 * lost, and its fork may be among them.
 */
struct oom_ancestry {
	int tid;
	uint64_t time_us;
	const struct oom_fork *fork;
};
int oom_lineage_next(const struct oom_lineage *lineage, struct oom_ancestry *at);

#endif
