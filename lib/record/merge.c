// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/merge.h"

#include <errno.h>
#include <string.h>

static bool is_of(const struct oom_kill *kill, int64_t pid)
{
	return kill->victim.pid == pid || kill->victim.tgid == pid;
}

/* Which of the marks is that of @kill: the first of its process; -1: only the log tells of it. */
static int64_t mark_of(
	const struct oom_kill *kill, const struct oom_marked_kill *marked, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_of(kill, marked[i].pid))
			return (int64_t)i;
	return -1;
}

struct merge {
	struct oom_attempt *attempt;
	const struct oom_marked_kill *marked;
	int64_t *mark; /* of each kill, -1: none */
	int64_t error_us;
};

/* Of the kills that are in both: the last one before mark @m, and the first one after it. */
static void find_neighbours(
	const struct merge *merge, int64_t m, size_t *ret_behind_earlier, size_t *ret_later)
{
	size_t behind = 0, later = merge->attempt->n_kills;

	for (size_t i = 0; i < merge->attempt->n_kills; i++) {
		if (merge->mark[i] >= 0 && merge->mark[i] < m)
			behind = i + 1;
		else if (merge->mark[i] > m && later == merge->attempt->n_kills)
			later = i;
	}
	*ret_behind_earlier = behind;
	*ret_later = later;
}

/* Where mark @m belongs, and how many of the kills from there on may have happened before it. */
static size_t place_of(const struct merge *merge, int64_t m, size_t *ret_open)
{
	int64_t time_us = merge->marked[m].time_us;
	size_t at, later, open = 0;

	find_neighbours(merge, m, &at, &later);
	for (size_t i = at; i < later; i++) {
		int64_t other_us = merge->attempt->kills[i].time_us;
		bool is_known = merge->error_us >= 0 && other_us >= 0;

		if (is_known && other_us + merge->error_us < time_us) {
			at = i + 1;
			open = 0;
		} else {
			open += !is_known || other_us - merge->error_us <= time_us;
		}
	}
	*ret_open = open;
	return at;
}

static int insert(struct merge *merge, size_t at, int64_t m)
{
	const struct oom_marked_kill *new = &merge->marked[m];
	struct oom_kill *last = oom_attempt_add_kill(merge->attempt), kill;
	size_t behind = merge->attempt->n_kills - 1 - at;

	if (!last)
		return -ENOMEM;
	kill = *last;
	kill.victim.pid = new->pid;
	kill.victim.comm = new->comm;
	kill.time_us = new->time_us;
	kill.invoker_pid = new->invoker_pid;
	kill.invoker_comm = new->invoker_comm;
	memmove(&merge->attempt->kills[at + 1], &merge->attempt->kills[at], behind * sizeof(kill));
	memmove(&merge->mark[at + 1], &merge->mark[at], behind * sizeof(*merge->mark));
	merge->attempt->kills[at] = kill;
	merge->mark[at] = m;
	return 0;
}

int oom_kills_merge(struct oom_attempt *attempt, const struct oom_marked_kill *marked, size_t count,
	int64_t error_us)
{
	struct merge merge = {attempt, marked, NULL, error_us};
	size_t most = attempt->n_kills + count + 1;

	merge.mark = oom_arena_alloc(&attempt->arena, most * sizeof(*merge.mark));
	if (!merge.mark)
		return -ENOMEM;
	for (size_t i = 0; i < attempt->n_kills; i++)
		merge.mark[i] = mark_of(&attempt->kills[i], marked, count);
	for (size_t m = 0; m < count; m++) {
		size_t at, open, i = 0;

		while (i < attempt->n_kills && !is_of(&attempt->kills[i], marked[m].pid))
			i++;
		if (i < attempt->n_kills)
			continue;
		at = place_of(&merge, (int64_t)m, &open);
		if (insert(&merge, at, (int64_t)m) < 0)
			return -ENOMEM;
		for (i = at; open && i <= at + open; i++)
			attempt->kills[i].order_unknown = true;
	}
	return 0;
}
