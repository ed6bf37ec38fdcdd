// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "harness/workloads/workload.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

const char *oom_expect_source_doubt(const struct oom_expect_case *c, const char *name)
{
	const struct oom_source_rec *source = oom_attempt_source(c->attempt, name);
	const char *note = source && source->note ? source->note : NULL;
	const char *open = note ? " (" : "", *close = note ? ")" : "";

	if (source && source->state == OOM_SOURCE_OK)
		return NULL;
	note = note ? note : "";
	if (!source || source->state == OOM_SOURCE_ABSENT)
		return oom_arena_printf(c->arena, "%s is absent%s%s%s", name, open, note, close);
	if (source->lost < 0)
		return oom_arena_printf(c->arena, "%s lost records%s%s%s", name, open, note, close);
	return oom_arena_printf(c->arena, "%s lost %" PRId64 " records%s%s%s", name, source->lost,
		open, note, close);
}

const char *oom_expect_kmsg_doubt(const struct oom_expect_case *c)
{
	return oom_expect_source_doubt(c, "kmsg");
}

int64_t oom_expect_machine_kills(const struct oom_expect_case *c)
{
	const struct oom_source_rec *vmstat = oom_attempt_source(c->attempt, "vmstat");

	return vmstat && vmstat->state == OOM_SOURCE_OK ? vmstat->records : -1;
}

/* Does the machine's own counter leave no room for a kill that the record lacks, wherever it was? */
static bool machine_confirms_kills(const struct oom_expect_case *c)
{
	int64_t counted = oom_expect_machine_kills(c), known = 0;

	for (size_t i = 0; i < c->attempt->n_kills; i++)
		known += oom_kill_is_kernels(&c->attempt->kills[i]);
	return counted >= 0 && counted <= known;
}

bool oom_expect_runs_program(const struct oom_expect_case *c)
{
	const struct oom_workload *type =
		c->workload && c->workload->type ? oom_workload_find(c->workload->type) : NULL;

	return type && type->flags & OOM_WORKLOAD_PROGRAM;
}

/* Of the record's kills those in @unit; *@ret_groups: how many of them may be counted twice. */
static int64_t kills_in(
	const struct oom_attempt *attempt, const struct oom_unit_rec *unit, int64_t *ret_groups)
{
	int64_t n = 0;

	*ret_groups = 0;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];
		const struct oom_workload_rec *w =
			kill->workload ? oom_attempt_workload(attempt, kill->workload) : NULL;
		bool here = kill->task_memcg
			? unit->cgroup && !strcmp(unit->cgroup, kill->task_memcg)
			: w && w->scope && !strcmp(w->scope, unit->name);

		n += here;
		*ret_groups += here && kill->oom_group;
	}
	return n;
}

/*
 * The same by the unit of one workload that never leaves it: the kernel counts each kill in the victim's
 * memory.events, and those above (mm/oom_kill.c, __oom_kill_process()).
 */
static bool unit_confirms_kills(const struct oom_expect_case *c)
{
	const struct oom_unit_rec *unit =
		c->workload ? oom_attempt_unit(c->attempt, c->workload->scope) : NULL;
	int64_t groups, counted;

	if (!unit || oom_expect_runs_program(c))
		return false;
	counted = oom_counter_get(unit->events, unit->n_events, "oom_kill");
	return counted >= 0 && counted <= kills_in(c->attempt, unit, &groups);
}

const char *oom_expect_kills_doubt(const struct oom_expect_case *c)
{
	const char *kmsg = oom_expect_kmsg_doubt(c);
	const char *mark = kmsg ? oom_expect_source_doubt(c, "mark_victim") : NULL;

	if (!kmsg || !mark || machine_confirms_kills(c) || unit_confirms_kills(c))
		return NULL;
	return oom_arena_printf(c->arena, "%s, and %s", kmsg, mark);
}

/* A kill whose report the kernel's rate limit took names no cgroup: but the cgroup has counted it. */
static const char *unseen_in(const struct oom_expect_case *c, const struct oom_unit_rec *unit)
{
	int64_t groups, known = kills_in(c->attempt, unit, &groups);
	int64_t counted = oom_counter_get(unit->events_local, unit->n_events_local, "oom_kill");

	if (counted <= known + groups)
		return NULL;
	return oom_arena_printf(c->arena,
		"'%s' counted %" PRId64 " kills, but only %" PRId64 " are attributed", unit->name,
		counted, known);
}

bool oom_expect_may_be_anybodys(const struct oom_kill *kill)
{
	return !kill->workload && !kill->kin;
}

const char *oom_expect_stray_doubt(const struct oom_expect_case *c)
{
	const struct oom_workload_rec *w = c->workload;
	const struct oom_unit_rec *unit = w->scope ? oom_attempt_unit(c->attempt, w->scope) : NULL;

	for (size_t i = 0; unit && i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];

		if (oom_expect_may_be_anybodys(kill) &&
			(!kill->task_memcg ||
				(unit->cgroup && !strcmp(unit->cgroup, kill->task_memcg))))
			return OOM_EXPECT_STRAY;
	}
	/* all other processes are known by their numbers */
	return unit && oom_expect_runs_program(c) ? unseen_in(c, unit) : NULL;
}

bool oom_kill_is_kernels(const struct oom_kill *kill)
{
	switch (kill->killer) {
	case OOM_KILLER_UNKNOWN: /* mark_victim does not say which kind */
	case OOM_KILLER_KERNEL_MEMCG:
	case OOM_KILLER_KERNEL_GLOBAL:
	case OOM_KILLER_KERNEL_CPUSET:
	case OOM_KILLER_KERNEL_MEMPOLICY:
	case OOM_KILLER_KERNEL_SYSRQ:
		return true;
	default:
		return false;
	}
}

const struct oom_kill *oom_expect_first_kill(
	const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	const char *doubt;

	for (size_t i = 0; i < c->attempt->n_kills; i++) {
		const struct oom_kill *kill = &c->attempt->kills[i];

		if (kill->workload && !strcmp(kill->workload, c->subject))
			return kill;
	}
	oom_expect_observed(c, OOM_FAIL, ret, "no kill");
	doubt = oom_expect_kills_doubt(c);
	if (!doubt)
		doubt = oom_expect_stray_doubt(c);
	if (doubt)
		oom_expect_inconclusive(c, ret, "%s", doubt);
	return NULL;
}

const char *oom_expect_victim_name(const struct oom_expect_case *c, const struct oom_kill *kill)
{
	if (kill->workload)
		return kill->workload;
	return oom_arena_printf(c->arena, "(%s)", kill->victim.comm ? kill->victim.comm : "?");
}

const char *oom_expect_list_add(const struct oom_expect_case *c, const char *list, const char *word)
{
	size_t len = list ? strlen(list) : 0, word_len = strlen(word);
	const char *tail = list && len >= word_len ? list + len - word_len : NULL;

	if (!list)
		return oom_arena_strdup(c->arena, word);
	if (tail && !strcmp(tail, word) && (tail == list || tail[-1] == ' '))
		return list;
	return oom_arena_printf(c->arena, "%s %s", list, word);
}
