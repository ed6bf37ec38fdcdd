// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/oracle/badness.h"

#include "lib/base/arena.h"
#include "lib/base/span.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* "no limit" is printed as LONG_MAX in pages or KiB: no machine has that */
#define UNLIMITED_KIB (INT64_C(1) << 42)

static bool node_allowed(const char *list, int node)
{
	struct oom_span s = {list, strlen(list)};

	while (s.len) {
		int64_t from, to;

		if (!oom_span_take_int(&s, &from))
			return false;
		to = from;
		/* "-" belongs to the second number of "0-3" */
		if (s.len && *s.at == '-') {
			s = oom_span_from(s, 1);
			if (!oom_span_take_int(&s, &to))
				return false;
		}
		if (node >= from && node <= to)
			return true;
		if (!oom_span_skip(&s, OOM_SPAN(",")))
			return false;
	}
	return false;
}

/* constrained_alloc(): memory of the allowed nodes, and all swap */
static int64_t nodes_kib(const struct oom_incident *incident)
{
	const struct oom_memory *memory = &incident->memory;
	int64_t sum = 0;

	if (!incident->mems_allowed || memory->swap_total_kib < 0)
		return -1;
	for (size_t i = 0; i < memory->n_zones; i++) {
		if (!node_allowed(incident->mems_allowed, memory->zones[i].node))
			continue;
		if (memory->zones[i].present_kib < 0)
			return -1;
		sum += memory->zones[i].present_kib;
	}
	return sum ? sum + memory->swap_total_kib : -1;
}

/* mem_cgroup_get_max(): the limit, and what may be swapped */
static int64_t memcg_kib(const struct oom_memory *memory)
{
	int64_t limit = memory->limit_kib, swap = memory->swap_limit_kib;

	if (limit < 0 || limit >= UNLIMITED_KIB)
		return -1;
	if (swap > 0 && memory->memsw)
		swap = swap > limit ? swap - limit : 0;
	/* bounded by the swap there is, which a memcg's report does not print */
	if (swap >= UNLIMITED_KIB)
		swap = memory->swap_total_kib > 0 ? memory->swap_total_kib : 0;
	return limit + (swap > 0 ? swap : 0);
}

static int64_t machine_kib(const struct oom_memory *memory)
{
	if (memory->ram_kib < 0)
		return -1;
	return memory->ram_kib - (memory->reserved_kib > 0 ? memory->reserved_kib : 0) +
		(memory->swap_total_kib > 0 ? memory->swap_total_kib : 0);
}

void oom_badness_rule(const struct oom_incident *incident, struct oom_badness_rule *ret)
{
	int64_t kib;

	ret->page_kib = incident->page_kib > 0 ? incident->page_kib : 4;
	ret->root_bonus = incident->root_bonus;
	switch (incident->kill.constraint) {
	case OOM_CONSTRAINT_MEMCG:
		kib = memcg_kib(&incident->memory);
		break;
	case OOM_CONSTRAINT_CPUSET:
	case OOM_CONSTRAINT_MEMPOLICY:
		kib = nodes_kib(incident);
		break;
	default:
		/* a constraint of its own making still kills in the memcg that it names */
		kib = incident->kill.oom_memcg ? memcg_kib(&incident->memory)
					       : machine_kib(&incident->memory);
		break;
	}
	ret->total_pages = kib > 0 ? kib / ret->page_kib : -1;
}

int64_t oom_badness_points(const struct oom_badness_rule *rule, const struct oom_task *task)
{
	int64_t adj = task->oom_score_adj, points;
	/* a page is a power of two; a table may have many thousand rows */
	int shift = __builtin_ctzll((unsigned long long)rule->page_kib);

	if (adj <= -1000 || task->rss_kib < 0)
		return OOM_POINTS_NONE;
	points = task->rss_kib >> shift;
	if (task->swapents > 0)
		points += task->swapents;
	if (task->pgtables_kib > 0)
		points += task->pgtables_kib >> shift;
	if (rule->root_bonus && task->uid == 0)
		points -= points * 3 / 100;
	if (!adj)
		return points;
	if (rule->total_pages < 0 || adj > 1000)
		return OOM_POINTS_NONE;
	return points + adj * (rule->total_pages / 1000);
}

int64_t oom_badness_score(const struct oom_badness_rule *rule, int64_t points, bool legacy)
{
	if (points == OOM_POINTS_NONE || rule->total_pages <= 0)
		return 0;
	if (legacy)
		return points <= 0 ? 0 : points * 1000 / rule->total_pages;
	return (1000 + points * 1000 / rule->total_pages) * 2 / 3;
}

/* Highest first; of equals the later in the table, because the kernel takes it on ">=". */
static int by_points(const void *left, const void *right)
{
	const struct oom_task *a = *(const struct oom_task *const *)left;
	const struct oom_task *b = *(const struct oom_task *const *)right;

	if (a->points != b->points)
		return a->points < b->points ? 1 : -1;
	return a < b ? 1 : -1;
}

/* The @limit best of the tasks, in order; for few of many, cheaper than to sort them all. */
static size_t pick_best(const struct oom_kill *kill, const struct oom_task **best, size_t limit)
{
	size_t n = 0;

	for (size_t i = 0; i < kill->n_tasks; i++) {
		const struct oom_task *task = kill->tasks + i;
		size_t at = n;

		if (task->points == OOM_POINTS_NONE)
			continue;
		while (at > 0 && by_points(&best[at - 1], &task) > 0)
			at--;
		if (at >= limit)
			continue;
		n += n < limit;
		memmove(best + at + 1, best + at, (n - at - 1) * sizeof(*best));
		best[at] = task;
	}
	return n;
}

int oom_badness_rank(struct oom_arena *arena, struct oom_kill *kill, size_t limit)
{
	const struct oom_task *few[OOM_RANK_FEW], **order = few;
	struct oom_task *ranking;
	size_t n = 0;

	kill->ranking = NULL;
	kill->n_ranking = 0;
	if (!kill->n_tasks)
		return 0;
	if (limit && limit <= OOM_RANK_FEW) {
		n = pick_best(kill, order, limit);
	} else {
		order = malloc(kill->n_tasks * sizeof(const struct oom_task *));
		if (!order)
			return -ENOMEM;
		for (size_t i = 0; i < kill->n_tasks; i++) {
			if (kill->tasks[i].points != OOM_POINTS_NONE)
				order[n++] = kill->tasks + i;
		}
		qsort(order, n, sizeof(const struct oom_task *), by_points);
		if (limit && n > limit)
			n = limit;
	}
	ranking = n ? oom_arena_alloc(arena, n * sizeof(*ranking)) : NULL;
	for (size_t i = 0; ranking && i < n; i++)
		ranking[i] = *order[i];
	if (order != few)
		free(order);
	if (n && !ranking)
		return -ENOMEM;
	kill->ranking = ranking;
	kill->n_ranking = n;
	return 0;
}
