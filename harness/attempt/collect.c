// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/collect.h"

#include "harness/attempt/attribute.h"
#include "harness/attempt/preconditions.h"
#include "harness/host/process.h"
#include "harness/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>

static int collect_units(struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_units; i++) {
		struct oom_backend_unit *unit = &run->units[i];
		struct oom_unit_rec *rec = oom_attempt_add_unit(run->record);
		int r;

		if (!rec)
			return -ENOMEM;
		rec->name = oom_arena_strdup(&run->record->arena, unit->name);
		rec->kind = unit->section->kind == OOM_SEC_SLICE ? "slice"
			: unit->section->kind == OOM_SEC_SERVICE ? "service"
								 : "scope";
		rec->unit = oom_arena_strdup(&run->record->arena, unit->unit);
		rec->cgroup = oom_arena_strdup(&run->record->arena, unit->cgroup);
		r = run->backend->collect(run->backend_ctx, unit, &run->record->arena, rec);
		if (r < 0)
			return r;
	}
	return 0;
}

static int64_t latency_p99_us(const struct oom_load_page *page)
{
	uint64_t total = 0, seen = 0;

	for (int i = 0; i < OOM_LOAD_BUCKETS; i++)
		total += page->latency_bucket[i];
	if (!total)
		return -1;
	for (int i = 0; i < OOM_LOAD_BUCKETS; i++) {
		seen += page->latency_bucket[i];
		if (seen * 100 >= total * 99)
			return (int64_t)1 << (i < 62 ? i : 62);
	}
	return -1;
}

static enum oom_end workload_end(const struct oom_run_workload *w)
{
	bool ended = w->ended && !w->ended_by_us;

	if (w->stuck)
		return OOM_END_STUCK;
	if (!w->started && !ended)
		return OOM_END_NOT_STARTED;
	if (!ended)
		return OOM_END_SURVIVED;
	/* one that was killed at its gate has not started, but it is gone all the same */
	return WIFSIGNALED(w->wait_status) ? OOM_END_SIGNALLED : OOM_END_EXITED;
}

/* How it ended; of what the harness ended nobody knows how it would have. */
static void collect_end(const struct oom_run_state *run, const struct oom_run_workload *w,
	struct oom_workload_rec *rec)
{
	rec->end = workload_end(w);
	rec->ended_by_harness = w->ended_by_us && rec->end != OOM_END_NOT_STARTED;
	if (w->started)
		rec->start_us = (int64_t)(w->start_us - run->go_us);
	if (rec->ended_by_harness)
		return;
	rec->signal = 0;
	if (w->ended && WIFSIGNALED(w->wait_status)) {
		rec->signal = WTERMSIG(w->wait_status);
		rec->exit_code = 128 + rec->signal;
	} else if (w->ended) {
		rec->exit_code = WEXITSTATUS(w->wait_status);
	}
	if (w->ended && run->go_us)
		rec->end_us = (int64_t)(w->end_us - run->go_us);
}

static int collect_workload(struct oom_run_state *run, struct oom_run_workload *w)
{
	struct oom_workload_rec *rec = oom_attempt_add_workload(run->record);
	struct oom_arena *arena = &run->record->arena;

	if (!rec)
		return -ENOMEM;
	rec->name = oom_arena_strdup(arena, w->name);
	rec->type = w->type->kind.name;
	rec->scope = w->unit ? oom_arena_strdup(arena, w->unit->name) : NULL;
	rec->pid = w->pid;
	collect_end(run, w, rec);
	rec->errno_value = w->page->errno_value;
	rec->reached_bytes = (int64_t)(w->is_held ? w->held_reached_bytes : w->page->reached_bytes);
	rec->ops = (int64_t)(w->is_held ? w->held_ops : w->page->ops);
	rec->latency_p99_us = latency_p99_us(w->page);
	rec->kills = 0;
	rec->line = w->section->place.line;
	return 0;
}

/* The service manager is a source, too: it was heard where a unit has a Result or ActiveState. */
static int collect_manager(struct oom_attempt *record)
{
	struct oom_source_rec *rec = oom_attempt_add_source(record);

	if (!rec)
		return -ENOMEM;
	*rec = (struct oom_source_rec){.name = "systemd",
		.state = OOM_SOURCE_ABSENT,
		.note = "it belongs to no unit of this run"};
	for (size_t i = 0; i < record->n_units; i++) {
		if (!record->units[i].result && !record->units[i].active_state)
			continue;
		rec->state = OOM_SOURCE_OK;
		rec->records++;
		rec->note = NULL;
	}
	return 0;
}

/* The kernel was faster than the harness: then its kill is how a bystander of a stuck one ended. */
static void heed_kernel(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->record->n_kills; i++) {
		const struct oom_kill *kill = &run->record->kills[i];
		struct oom_workload_rec *rec =
			kill->workload ? oom_attempt_workload(run->record, kill->workload) : NULL;

		if (!rec || rec->pid != kill->victim.pid || !rec->ended_by_harness ||
			rec->end != OOM_END_SURVIVED)
			continue;
		rec->ended_by_harness = false;
		rec->end = OOM_END_SIGNALLED;
		rec->signal = SIGKILL;
		rec->exit_code = 128 + SIGKILL;
	}
}

int oom_run_collect(struct oom_run_state *run)
{
	struct rusage usage;
	int r = collect_units(run);

	if (r >= 0)
		r = collect_manager(run->record);

	for (size_t i = 0; r >= 0 && i < run->n_workloads; i++)
		r = collect_workload(run, &run->workloads[i]);
	if (r >= 0)
		r = oom_preconditions_collect(run);
	if (r >= 0)
		r = oom_sources_collect(run, run->record);
	if (r >= 0)
		r = oom_attribute(run);
	if (r >= 0)
		heed_kernel(run);
	if (r >= 0)
		r = oom_attempt_cross_check(run->record);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		run->record->harness_rss_bytes = usage.ru_maxrss * 1024;
	if (run->go_us)
		run->record->setup_us = (int64_t)(run->go_us - run->prepare_us);
	run->record->duration_us = (int64_t)(oom_monotonic_us() - run->prepare_us);
	return r;
}
