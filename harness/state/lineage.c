// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/lineage.h"

#include <errno.h>
#include <stdlib.h>

static int by_tid_and_time(const void *a, const void *b)
{
	const struct oom_fork *one = a, *other = b;

	if (one->tid != other->tid)
		return one->tid < other->tid ? -1 : 1;
	return one->time_us < other->time_us ? -1 : one->time_us > other->time_us;
}

void oom_lineage_sort(struct oom_lineage *lineage)
{
	if (lineage->n_forks)
		qsort(lineage->forks, lineage->n_forks, sizeof(*lineage->forks), by_tid_and_time);
}

const struct oom_fork *oom_lineage_fork(
	const struct oom_lineage *lineage, int tid, uint64_t time_us)
{
	size_t low = 0, high = lineage->n_forks;

	/* the first that comes behind (tid, time_us) */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct oom_fork *fork = &lineage->forks[middle];

		if (fork->tid < tid || (fork->tid == tid && fork->time_us <= time_us))
			low = middle + 1;
		else
			high = middle;
	}
	return low && lineage->forks[low - 1].tid == tid ? &lineage->forks[low - 1] : NULL;
}

int oom_lineage_next(const struct oom_lineage *lineage, struct oom_ancestry *at)
{
	const struct oom_fork *fork = oom_lineage_fork(lineage, at->tid, at->time_us);

	/* behind the last loss nothing is missing; before it a later fork of the same pid may be */
	if (lineage->lost_us && (!fork || fork->time_us <= lineage->lost_us))
		return -ENODATA;
	if (!fork)
		return 0;
	at->fork = fork;
	at->tid = fork->tid != fork->pid ? fork->pid : fork->parent;
	at->time_us = fork->time_us;
	return 1;
}
