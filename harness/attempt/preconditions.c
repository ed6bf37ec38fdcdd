// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/preconditions.h"

#include "harness/faults/fault.h"

#include <errno.h>

static int64_t since_go(const struct oom_run_state *run, const struct oom_trigger *t)
{
	return t->fired ? (int64_t)(t->fired_us - run->go_us) : -1;
}

static int collect_fault(struct oom_run_state *run, const struct oom_run_fault *fault)
{
	struct oom_arena *arena = &run->record->arena;
	struct oom_fault_rec *rec = oom_attempt_add_fault(run->record);
	int (*under_way)(void *data) = fault->fault->under_way;
	int r = fault->result;

	if (!rec)
		return -ENOMEM;
	rec->name = oom_arena_strdup(arena, fault->section->name);
	rec->type = fault->fault->kind.name;
	rec->trigger = oom_arena_strdup(arena, fault->trigger->setting->value.text);
	rec->line = fault->section->place.line;
	rec->fired_us = since_go(run, fault->trigger);
	if (!fault->fired)
		return 0;
	if (!r && under_way)
		r = under_way(fault->data);
	rec->under_way = r > 0;
	if (r <= 0)
		rec->errno_value = -r;
	return 0;
}

static int collect_trigger(struct oom_run_state *run, const struct oom_trigger *t)
{
	struct oom_arena *arena = &run->record->arena;
	struct oom_precondition_rec *rec = oom_attempt_add_precondition(run->record);

	if (!rec)
		return -ENOMEM;
	rec->subject = oom_arena_strdup(arena, t->name);
	rec->key = oom_arena_strdup(arena, t->setting->name);
	rec->wanted = oom_arena_strdup(arena, t->setting->value.text);
	rec->optional = t->optional;
	rec->line = t->setting->place.line;
	rec->came_us = since_go(run, t);
	return 0;
}

int oom_preconditions_collect(struct oom_run_state *run)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && run->go_us && i < run->n_faults; i++)
		r = collect_fault(run, &run->faults[i]);
	for (size_t i = 0; r >= 0 && run->go_us && i < run->n_triggers; i++)
		r = collect_trigger(run, &run->triggers[i]);
	return r;
}
