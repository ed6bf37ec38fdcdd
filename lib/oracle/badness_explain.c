// SPDX-License-Identifier: LGPL-2.1-or-later
/* Predicted against actual, and why they differ. */
#include "lib/base/arena.h"
#include "lib/base/bounded.h"
#include "lib/oracle/badness.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char group_words[] =
	"memory.oom.group is set: the kernel kills all processes of the cgroup together";

static const struct oom_task *row_of(const struct oom_task *tasks, size_t count, int64_t pid)
{
	for (size_t i = 0; i < count; i++) {
		if (tasks[i].pid == pid)
			return tasks + i;
	}
	return NULL;
}

/* A sentence for what the log itself gives as the reason; NULL: none. */
static const char *known_cause(const struct oom_incident *incident, const struct oom_kill *kill)
{
	if (incident->allocating)
		return "vm.oom_kill_allocating_task is set: the kernel kills the invoker, not the task with "
		       "the highest badness";
	if (incident->shares_memory)
		return "it shares its memory with the chosen victim: the memory is freed only when both "
		       "are dead";
	if (kill->oom_group && !row_of(kill->ranking, kill->n_ranking, kill->victim.pid))
		return group_words;
	if (incident->children && kill->chosen_pid >= 0)
		return "this kernel first kills a child of the chosen victim that has memory of its own";
	if (kill->chosen_pid >= 0)
		return "the chosen task is a thread of the killed process, or shares its memory";
	if (!row_of(kill->tasks, kill->n_tasks, kill->victim.pid))
		return incident->n_dropped || kill->n_tasks
			? "the victim is not in the task table: the table is cut off, or is of "
			  "another cgroup"
			: NULL;
	return NULL;
}

enum oom_prediction oom_badness_compare(
	const struct oom_incident *incident, const struct oom_kill *kill)
{
	if (kill->oom_group && !kill->n_ranking && !kill->n_tasks)
		return OOM_PREDICTION_EXPLAINED;
	if (!kill->n_ranking)
		return OOM_PREDICTION_NONE;
	if (kill->ranking[0].pid == kill->victim.pid ||
		(kill->chosen_pid >= 0 && kill->ranking[0].pid == kill->chosen_pid &&
			!incident->children))
		return OOM_PREDICTION_AGREES;
	/* equal points: which of them comes last in the kernel's own list is not in the log */
	for (size_t i = 1;
		i < kill->n_ranking && kill->ranking[i].points == kill->ranking[0].points; i++) {
		if (kill->ranking[i].pid == kill->victim.pid)
			return OOM_PREDICTION_AGREES;
	}
	return known_cause(incident, kill) ? OOM_PREDICTION_EXPLAINED : OOM_PREDICTION_DISAGREES;
}

static const char *name_of(const struct oom_task *task)
{
	return task->comm ? task->comm : "?";
}

/* "rss 5000 + swap 3 + page tables 12 + adj 200 * 51 = 15215 pages" */
static void format_sum(char *buf, size_t size, const struct oom_incident *incident,
	const struct oom_kill *kill, const struct oom_task *task)
{
	int64_t page_kib = incident->page_kib > 0 ? incident->page_kib : 4;
	struct oom_bounded sum = oom_bounded_in(buf, size);

	oom_bounded_printf(&sum, "rss %" PRId64, task->rss_kib / page_kib);
	if (task->swapents > 0)
		oom_bounded_printf(&sum, " + swap %" PRId64, task->swapents);
	if (task->pgtables_kib > 0)
		oom_bounded_printf(&sum, " + page tables %" PRId64, task->pgtables_kib / page_kib);
	if (incident->root_bonus && task->uid == 0)
		oom_bounded_printf(&sum, " - 3%% for root");
	if (task->oom_score_adj != OOM_ADJ_UNKNOWN && task->oom_score_adj)
		oom_bounded_printf(&sum, " + oom_score_adj %" PRId64 " * %" PRId64,
			task->oom_score_adj, kill->total_pages / 1000);
	oom_bounded_printf(&sum, " = %" PRId64 " pages", task->points);
}

static int explain_ranked(
	struct oom_arena *arena, const struct oom_incident *incident, struct oom_kill *kill)
{
	const struct oom_task *top = kill->ranking, *victim;
	char sum[192], other[192];

	format_sum(sum, sizeof(sum), incident, kill, top);
	switch (oom_badness_compare(incident, kill)) {
	case OOM_PREDICTION_AGREES:
		kill->explanation = kill->n_tasks == 1
			? oom_arena_printf(arena, "%s (%" PRId64 ") was the only task: %s",
				  name_of(top), top->pid, sum)
			: oom_arena_printf(arena,
				  "%s (%" PRId64 ") had the highest badness of %zu tasks: %s",
				  name_of(top), top->pid, kill->n_tasks, sum);
		break;
	case OOM_PREDICTION_EXPLAINED:
		kill->explanation = oom_arena_printf(arena,
			"%s (%" PRId64 ") had the highest badness (%s), but %s", name_of(top),
			top->pid, sum, known_cause(incident, kill));
		break;
	default:
		victim = row_of(kill->tasks, kill->n_tasks, kill->victim.pid);
		snprintf(other, sizeof(other), "it has no badness");
		if (victim && victim->points != OOM_POINTS_NONE)
			format_sum(other, sizeof(other), incident, kill, victim);
		kill->explanation = oom_arena_printf(arena,
			"%s (%" PRId64 ") had the highest badness (%s), but %s (%" PRId64
			") was killed (%s); the log does not say why: the kernel skips a task that "
			"is already being killed or reaped, or is in vfork",
			name_of(top), top->pid, sum, name_of(&kill->victim), kill->victim.pid,
			other);
		break;
	}
	return kill->explanation ? 0 : -ENOMEM;
}

int oom_badness_explain(
	struct oom_arena *arena, const struct oom_incident *incident, struct oom_kill *kill)
{
	const char *cause;

	kill->explanation = NULL;
	if (kill->n_ranking)
		return explain_ranked(arena, incident, kill);
	cause = kill->oom_group && !kill->n_tasks ? group_words : NULL;
	if (incident->allocating || incident->shares_memory)
		cause = known_cause(incident, kill);
	if (!cause && incident->table && !incident->scores)
		cause = "the task table has no oom_score_adj: before Linux 2.6.36 badness was computed from "
			"virtual size, run time and children";
	if (!cause)
		return 0;
	kill->explanation = oom_arena_strdup(arena, cause);
	return kill->explanation ? 0 : -ENOMEM;
}
