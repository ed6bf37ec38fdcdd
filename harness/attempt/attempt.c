// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attempt.h"

#include "harness/expects/expect.h"
#include "harness/campaign/machine.h"
#include "harness/needs/needs.h"
#include "harness/say/say.h"
#include "harness/sources/source.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/proc.h"

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

enum { DEFAULT_TIMEOUT_US = 60000000, DEFAULT_SETTLE_US = 100000 };

struct oom_backend_unit *oom_run_unit(const struct oom_run_state *run, const char *name)
{
	for (size_t i = 0; name && i < run->n_units; i++)
		if (!strcmp(run->units[i].name, name))
			return &run->units[i];
	return NULL;
}

struct oom_run_workload *oom_run_workload(const struct oom_run_state *run, const char *name)
{
	for (size_t i = 0; name && i < run->n_workloads; i++)
		if (!strcmp(run->workloads[i].name, name))
			return &run->workloads[i];
	return NULL;
}

void oom_run_activity(struct oom_run_state *run)
{
	run->activity_us = oom_monotonic_us();
}

static void record_begin(struct oom_run_state *run, const struct oom_local_options *o)
{
	const struct oom_section *section =
		oom_scenario_section(run->scenario, OOM_SEC_SCENARIO, NULL);
	const struct oom_setting *tags = section ? oom_section_get(section, "Tags") : NULL;
	struct oom_attempt *record = run->record;

	record->scenario = oom_arena_strdup(&record->arena, run->scenario->id);
	record->title = oom_arena_strdup(&record->arena, run->scenario->title);
	record->machine = oom_arena_strdup(&record->arena, o->machine);
	record->attempt = o->attempt;
	record->memory_bytes = (int64_t)run->machine_bytes;
	record->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	record->start_realtime_us = oom_realtime_us();
	for (size_t i = 0; tags && i < tags->value.list.count; i++)
		oom_attempt_add_text(record, &record->tags, &record->n_tags, tags->value.list.items[i]);
}

static int state_open(struct oom_run_state *run, struct oom_err *err)
{
	uint32_t random = 0;
	int r;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)oom_monotonic_us();
	snprintf(run->token, sizeof(run->token), "%x-%08x", (unsigned)getpid(), random);
	run->prepare_us = oom_monotonic_us();
	signal(SIGPIPE, SIG_IGN); /* a gate whose workload is gone: its pidfd tells */
	r = oom_loop_open(&run->loop);
	run->ready_fd = eventfd(0, EFD_CLOEXEC);
	run->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r < 0 || run->ready_fd < 0 || run->notify_fd < 0 || run->timer_fd < 0)
		return oom_err_errno(err, errno, "cannot make the run's event descriptors");
	return oom_undo_open(err, &run->undo);
}

static struct oom_run_state *state_new(const struct oom_scenario *scenario,
	const struct oom_local_options *o)
{
	const struct oom_section *section = oom_scenario_section(scenario, OOM_SEC_SCENARIO, NULL);
	struct oom_run_state *run = calloc(1, sizeof(*run));
	uint64_t swap;

	if (!run)
		return NULL;
	run->record = oom_attempt_new();
	if (!run->record) {
		free(run);
		return NULL;
	}
	run->scenario = scenario;
	run->backend = o->backend;
	run->evidence_dir = o->evidence_dir;
	run->seed = o->seed;
	run->in_guest = o->in_guest;
	run->machine_ends = o->machine_ends;
	run->signal_fd = o->signal_fd;
	run->on_phase = o->on_phase;
	run->log_offset_us = INT64_MIN;
	run->loop.epoll_fd = run->ready_fd = run->notify_fd = run->timer_fd = -1;
	run->deadline_us = o->timeout_us ? o->timeout_us : DEFAULT_TIMEOUT_US;
	run->settle_us = DEFAULT_SETTLE_US;
	if (section && !o->timeout_us)
		run->deadline_us = oom_section_usec(section, "Timeout", DEFAULT_TIMEOUT_US);
	if (section)
		run->settle_us = oom_section_usec(section, "Settle", DEFAULT_SETTLE_US);
	oom_proc_meminfo(AT_FDCWD, &run->machine_bytes, &swap);
	record_begin(run, o);
	return run;
}

/* Everything is given back in the reverse order; what the undo list holds goes with it. */
static void state_close(struct oom_run_state *run, struct oom_err *err)
{
	for (size_t i = run->n_units; i-- > 0;)
		oom_unit_kill(&run->units[i]);
	oom_faults_release(run);
	oom_launch_release(run);
	/* stopping units is a good part of a short attempt, and nobody is there to be glad of it */
	if (run->machine_ends)
		return;
	oom_sources_close(run);
	for (size_t i = run->n_units; i-- > 0;) {
		struct oom_err why;

		if (run->backend->stop(run->backend_ctx, &run->units[i], &why) < 0 && !err->code)
			*err = why;
		oom_closep(&run->units[i].dir_fd);
	}
	if (run->backend_ctx)
		run->backend->close(run->backend_ctx);
	if (run->undo) {
		struct oom_err why = {0};

		if (oom_undo_close(run->undo, &why) < 0 && !err->code)
			*err = why;
	}
	oom_closep(&run->ready_fd);
	oom_closep(&run->notify_fd);
	oom_closep(&run->timer_fd);
	oom_loop_close(&run->loop);
}

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
	if (w->stuck)
		return OOM_END_STUCK;
	if (!w->started)
		return OOM_END_NOT_STARTED;
	if (!w->ended)
		return OOM_END_SURVIVED;
	return WIFSIGNALED(w->wait_status) ? OOM_END_SIGNALLED : OOM_END_EXITED;
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
	rec->end = workload_end(w);
	rec->signal = 0;
	if (w->ended && WIFSIGNALED(w->wait_status)) {
		rec->signal = WTERMSIG(w->wait_status);
		rec->exit_code = 128 + rec->signal;
	} else if (w->ended) {
		rec->exit_code = WEXITSTATUS(w->wait_status);
	}
	rec->errno_value = w->page->errno_value;
	rec->reached_bytes = (int64_t)w->page->reached_bytes;
	rec->ops = (int64_t)w->page->ops;
	rec->latency_p99_us = latency_p99_us(w->page);
	rec->kills = 0;
	rec->line = w->section->place.line;
	if (w->started)
		rec->start_us = (int64_t)(w->start_us - run->go_us);
	if (w->ended)
		rec->end_us = (int64_t)(w->end_us - run->go_us);
	return 0;
}

/* The service manager is a source, too: it was heard where a unit has a Result or ActiveState. */
static int collect_manager(struct oom_attempt *record)
{
	struct oom_source_rec *rec = oom_attempt_add_source(record);

	if (!rec)
		return -ENOMEM;
	*rec = (struct oom_source_rec){.name = "systemd", .state = OOM_SOURCE_ABSENT,
		.note = "no unit of this run belongs to it"};
	for (size_t i = 0; i < record->n_units; i++) {
		if (!record->units[i].result && !record->units[i].active_state)
			continue;
		rec->state = OOM_SOURCE_OK;
		rec->records++;
		rec->note = NULL;
	}
	return 0;
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
		r = oom_sources_collect(run, run->record);
	if (r >= 0)
		r = oom_attribute(run);
	if (r >= 0)
		r = oom_attempt_cross_check(run->record);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		run->record->harness_rss_bytes = usage.ru_maxrss * 1024;
	run->record->setup_us = (int64_t)(run->go_us - run->prepare_us);
	run->record->duration_us = (int64_t)(oom_monotonic_us() - run->prepare_us);
	return r;
}

/* The story of an attempt. */
static int attempt_steps(struct oom_run_state *run, struct oom_err *err)
{
	int r;

	if ((r = oom_files_write(run, err)) < 0 || (r = oom_backend_open(run, err)) < 0 || (r = oom_sysctls_set(run, err)) < 0 ||
		(r = oom_units_start(run, err)) < 0 || (r = oom_sources_open(run, err)) < 0 ||
		(r = oom_launch(run, err)) < 0 || (r = oom_faults_prepare(run, err)) < 0 ||
		(r = oom_triggers_prepare(run, err)) < 0 || (r = oom_run_go(run, err)) < 0)
		return r;
	if (run->interrupted)
		return oom_err_set(err, EINTR, "interrupted");
	r = oom_run_collect(run);
	return r < 0 ? oom_err_errno(err, -r, "cannot collect the evidence") : 0;
}

static const char *set_up_failed(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].page->state == OOM_LOAD_FAILED)
			return oom_arena_printf(&run->record->arena, "workload '%s' cannot start: %s",
				run->workloads[i].name, run->workloads[i].page->msg);
	for (size_t i = 0; i < run->n_faults; i++)
		if (run->faults[i].result < 0)
			return oom_arena_printf(&run->record->arena, "fault '%s' failed: %s",
				run->faults[i].fault->kind.name, strerror(-run->faults[i].result));
	return NULL;
}

/* A workload that had to be ended is a failure unless the scenario says what becomes of it. */
static const char *stuck_unexpected(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++) {
		const struct oom_run_workload *w = &run->workloads[i];
		const struct oom_section *expect =
			oom_scenario_section(run->scenario, OOM_SEC_EXPECT, w->name);

		if (w->stuck && !(expect && oom_section_get(expect, "Survives")))
			return oom_arena_printf(&run->record->arena,
				"'%s' had not ended at the deadline", w->name);
	}
	return NULL;
}

static int judge(struct oom_run_state *run)
{
	struct oom_attempt *record = run->record;
	const char *why = set_up_failed(run);
	int r = oom_expects_judge(run->scenario, run->machine_bytes, record);

	if (r < 0)
		return r;
	if (why) {
		record->verdict = OOM_BROKEN;
		record->reason = why;
	} else if ((why = stuck_unexpected(run)) && record->verdict == OOM_PASS) {
		record->verdict = OOM_FAIL;
		record->reason = why;
	}
	return 0;
}

static void record_end(struct oom_attempt *record, enum oom_verdict verdict, const char *reason)
{
	record->verdict = verdict;
	record->reason = oom_arena_strdup(&record->arena, reason);
}

/* Before the gate opened something showed that this machine cannot do: a property that only systemd or
 * cgroup v2 has. That is a need of the scenario, and no fault of anybody. */
static bool not_to_be_had(const struct oom_run_state *run, int r)
{
	return r == -ENOTSUP && !run->go_us;
}

int oom_attempt_run_local(const struct oom_scenario *scenario,
	const struct oom_local_options *options, struct oom_attempt **ret)
{
	struct oom_run_state *run = state_new(scenario, options);
	struct oom_err err = {0}, undo_err = {0};
	char risk[200];
	int r;

	if (!run)
		return -ENOMEM;
	if (!options->in_guest && !options->allow_host_oom &&
		oom_host_risk(scenario, risk, sizeof(risk))) {
		record_end(run->record, OOM_SKIPPED, risk);
		r = 0;
	} else if (oom_needs_check(scenario, options->in_guest, &err, &run->record->known_on) < 0) {
		record_end(run->record, OOM_SKIPPED, err.msg);
		r = 0;
	} else {
		r = state_open(run, &err);
		if (r >= 0)
			r = attempt_steps(run, &err);
		if (r >= 0)
			r = judge(run);
		else if (r != -EINTR && r != -ENOMEM)
			record_end(run->record, not_to_be_had(run, r) ? OOM_SKIPPED : OOM_BROKEN, err.msg);
		state_close(run, &undo_err);
		if (undo_err.code && r != -EINTR)
			record_end(run->record, OOM_BROKEN, undo_err.msg);
		else if (undo_err.code)
			oom_say(stderr, "oomgate: %s; 'oomgate cleanup' tries again\n", undo_err.msg);
	}
	if (r == -EINTR || r == -ENOMEM)
		oom_attempt_free(run->record);
	else
		*ret = run->record;
	oom_arena_release(&run->arena);
	free(run);
	return r == -EINTR || r == -ENOMEM ? r : 0;
}
