// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attempt.h"

#include "harness/attempt/collect.h"
#include "harness/attempt/files.h"
#include "harness/attempt/gate.h"
#include "harness/attempt/in_force.h"
#include "harness/attempt/judge.h"
#include "harness/attempt/launch.h"
#include "harness/attempt/loop.h"
#include "harness/attempt/risk.h"
#include "harness/attempt/trigger.h"
#include "harness/attempt/units.h"
#include "harness/expects/expect.h"
#include "harness/host/process.h"
#include "harness/needs/needs.h"
#include "harness/say/say.h"
#include "harness/sources/source.h"
#include "harness/units/unit.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>

enum { DEFAULT_TIMEOUT_US = 60000000, DEFAULT_SETTLE_US = 100000 };

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
		oom_attempt_add_text(
			record, &record->tags, &record->n_tags, tags->value.list.items[i]);
}

void oom_attempt_token(char buf[static OOM_TOKEN_BYTES])
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)oom_monotonic_us();
	snprintf(buf, OOM_TOKEN_BYTES, "%x-%08x", (unsigned)getpid(), random);
}

static int state_open(struct oom_run_state *run, struct oom_err *err)
{
	int r;

	run->prepare_us = oom_monotonic_us();
	signal(SIGPIPE, SIG_IGN); /* a gate whose workload is gone: its pidfd tells */
	r = oom_loop_open(&run->loop);
	run->ready_fd = eventfd(0, EFD_CLOEXEC);
	run->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r < 0 || run->ready_fd < 0 || run->notify_fd < 0 || run->timer_fd < 0)
		return oom_err_errno(err, errno, "cannot create the run's event descriptors");
	return run->in_guest ? 0 : oom_undo_open(err, &run->undo);
}

static struct oom_run_state *state_new(
	const struct oom_scenario *scenario, const struct oom_local_options *o)
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
	if (o->token)
		snprintf(run->token, sizeof(run->token), "%s", o->token);
	else
		oom_attempt_token(run->token);
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

static int set_up(struct oom_run_state *run, struct oom_err *err)
{
	int r;

	if ((r = oom_files_write(run, err)) < 0 || (r = oom_backend_open(run, err)) < 0 ||
		(r = oom_sysctls_set(run, err)) < 0 || (r = oom_units_start(run, err)) < 0 ||
		(r = oom_sources_open(run, err)) < 0 || (r = oom_launch(run, err)) < 0 ||
		(r = oom_in_force_check(run, err)) < 0 || (r = oom_faults_prepare(run, err)) < 0)
		return r;
	return oom_triggers_prepare(run, err);
}

/* The set-up failed when workloads were there already: who was killed among them, and by whom, is in the record,
 * and in what @err says. 0 or -ENOMEM. */
static int set_up_evidence(struct oom_run_state *run, struct oom_err *err)
{
	const struct oom_err why = *err;
	char fate[160];
	int r;

	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].pid > 0)
			oom_workload_reap(&run->workloads[i]);
	r = oom_run_collect(run);
	for (size_t i = 0; r >= 0 && i < run->record->n_workloads; i++) {
		const struct oom_workload_rec *w = &run->record->workloads[i];

		if (w->end != OOM_END_SIGNALLED && w->kills <= 0)
			continue;
		oom_workload_fate(run->record, w, fate, sizeof(fate));
		oom_err_set(err, why.code, "%s; '%s' %s", why.msg, w->name, fate);
		break;
	}
	return r == -ENOMEM ? r : 0;
}

/* The story of an attempt. */
static int attempt_steps(struct oom_run_state *run, struct oom_err *err)
{
	int r = set_up(run, err);

	if (r < 0 && run->n_workloads && r != -EINTR && r != -ENOMEM && r != -ENOTSUP)
		return set_up_evidence(run, err) < 0 ? -ENOMEM : r;
	if (r < 0)
		return r;
	r = oom_run_go(run, err);
	if (r < 0)
		return r;
	if (run->interrupted)
		return oom_err_set(err, EINTR, "interrupted");
	r = oom_run_collect(run);
	return r < 0 ? oom_err_errno(err, -r, "cannot collect the evidence") : 0;
}

static void hinder(struct oom_attempt *record, bool skips, const char *why)
{
	record->hindrance = oom_arena_strdup(&record->arena, why);
	record->hindrance_skips = skips;
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
		hinder(run->record, true, risk);
		r = 0;
	} else if (oom_needs_check(scenario, options->in_guest, &err, &run->record->known_on) < 0) {
		hinder(run->record, true, err.msg);
		r = 0;
	} else {
		r = state_open(run, &err);
		if (r >= 0)
			r = attempt_steps(run, &err);
		if (r >= 0)
			oom_run_find_hindrance(run);
		else if (r != -EINTR && r != -ENOMEM)
			hinder(run->record, not_to_be_had(run, r), err.msg);
		state_close(run, &undo_err);
		if (undo_err.code && r != -EINTR)
			hinder(run->record, false, undo_err.msg);
		else if (undo_err.code)
			oom_say(stderr, "oomgate: %s; 'oomgate cleanup' tries again\n",
				undo_err.msg);
	}
	r = r == -EINTR || r == -ENOMEM ? r : 0;
	/* what comes from a guest is data: its host judges */
	if (!r && !options->in_guest)
		r = oom_expects_judge(scenario, (uint64_t)run->record->memory_bytes, run->record);
	if (r)
		oom_attempt_free(run->record);
	else
		*ret = run->record;
	oom_arena_release(&run->arena);
	free(run);
	return r;
}
