// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attempt.h"
#include "harness/attempt/panic.h"
#include "harness/campaign/campaign.h"
#include "harness/campaign/scenario_file.h"
#include "harness/guest/attempt/attempt.h"
#include "harness/guest/attempt/keep.h"
#include "harness/say/say.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

int oom_job_finished(struct oom_run_command *command, struct oom_job *job,
	struct oom_attempt *record, struct oom_err *err)
{
	int r;

	job->running = false;
	/* a guest knows its text, not where it lies */
	record->scenario_file = oom_scenario_file(&record->arena, job->scenario->path);
	r = oom_journal_append(command, record, err, &job->entry);
	if (r < 0) {
		/* what is not written down has not been shown */
		record->verdict = OOM_BROKEN;
		record->reason = oom_arena_strdup(&record->arena, err->msg);
		job->entry = (struct oom_entry){.attempt = record};
	}
	job->done = true;
	oom_progress_attempt(command, record);
	oom_progress_status(command);
	if (r >= 0)
		oom_attempt_free(record);
	return r;
}

static bool signal_pending(const struct oom_run_command *command)
{
	struct pollfd fd = {.fd = command->signal_fd, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

static int run_local(struct oom_run_command *command, struct oom_job *job, struct oom_err *err)
{
	struct oom_attempt *record;
	char dir[1024];
	struct oom_local_options options = {
		.backend = command->options.backend,
		.machine = command->run->machines[job->machine].id,
		.attempt = job->attempt,
		.seed = job->seed,
		.timeout_us = command->options.timeout_us,
		.evidence_dir = oom_journal_evidence_dir(command, job, dir, sizeof(dir)),
		.allow_host_oom = command->options.allow_host_oom,
		.signal_fd = command->signal_fd,
	};
	int r;

	job->running = true;
	oom_progress_begin(command, job, options.evidence_dir);
	oom_progress_status(command);
	r = oom_attempt_run_local(job->scenario, &options, &record);
	job->running = false;
	if (r == -ENOMEM)
		return oom_err_set(err, ENOMEM, "no memory for scenario '%s'", job->scenario->id);
	if (r < 0)
		return r;
	if (options.evidence_dir)
		record->evidence_dir = oom_arena_strdup(
			&record->arena, options.evidence_dir + strlen(command->dir) + 1);
	return oom_job_finished(command, job, record, err);
}

int oom_run_jobs_local(struct oom_run_command *command, struct oom_err *err)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		int r = 0;

		if (signal_pending(command))
			return -EINTR;
		if (!command->jobs[i].done)
			r = run_local(command, &command->jobs[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One place for a guest: the job it has, or none. */
struct slot {
	struct oom_guest_attempt *attempt;
	struct oom_job *job;
	char dir[1024];
};

static struct oom_attempt *record_of_failure(
	const struct oom_run_command *command, const struct oom_job *job, const char *why)
{
	struct oom_attempt *record = oom_attempt_new();

	if (!record)
		return NULL;
	record->scenario = oom_arena_strdup(&record->arena, job->scenario->id);
	record->title = oom_arena_strdup(&record->arena, job->scenario->title);
	record->machine = oom_arena_strdup(&record->arena, command->run->machines[job->machine].id);
	record->attempt = job->attempt;
	record->verdict = OOM_BROKEN;
	record->reason = oom_arena_strdup(&record->arena, why);
	return record;
}

static int slot_start(struct oom_run_command *command, struct slot *slot, struct oom_job *job,
	struct oom_err *err)
{
	struct oom_err why;
	struct oom_attempt *record;
	const char *dir = oom_journal_evidence_dir(command, job, slot->dir, sizeof(slot->dir));

	job->running = true;
	slot->job = job;
	oom_progress_begin(command, job, dir);
	if (oom_guest_attempt_start(command->guests, &command->specs[job->machine], job->scenario,
		    job->attempt, job->seed, command->options.timeout_us, dir, &why,
		    &slot->attempt) >= 0)
		return 0;
	record = record_of_failure(command, job, why.msg);
	slot->job = NULL;
	return record ? oom_job_finished(command, job, record, err) : -ENOMEM;
}

/* With --keep; what cannot be kept is told and no more: the attempt is over. */
static void keep(struct slot *slot, char path[static PATH_MAX])
{
	struct oom_err err;
	const char *dir;

	if (oom_guest_attempt_keep(slot->attempt, &err, &dir) < 0)
		oom_say(stderr, "oomgate: the guest of '%s' is not kept: %s\n",
			slot->job->scenario->id, err.msg);
	else if (dir)
		snprintf(path, PATH_MAX, "%s", dir);
}

static int slot_step(struct oom_run_command *command, struct slot *slot, struct oom_err *err)
{
	struct oom_attempt *record = NULL;
	char kept[PATH_MAX] = "";
	int r = oom_guest_attempt_step(slot->attempt, &record);

	if (r == 0)
		return 0;
	keep(slot, kept);
	oom_guest_attempt_free(slot->attempt);
	slot->attempt = NULL;
	if (r < 0)
		record = record_of_failure(command, slot->job, strerror(-r));
	if (!record)
		return oom_err_set(err, ENOMEM, "no memory for a record");
	if (record->panicked && slot->dir[0]) {
		char console[sizeof(slot->dir) + 16];

		snprintf(console, sizeof(console), "%s/console", slot->dir);
		if (oom_panic_judge(slot->job->scenario, console, record) < 0)
			return oom_err_set(err, ENOMEM, "no memory for a record");
	}
	if (slot->dir[0])
		record->evidence_dir =
			oom_arena_strdup(&record->arena, slot->dir + strlen(command->dir) + 1);
	r = oom_job_finished(command, slot->job, record, err);
	oom_progress_kept(command, slot->job, kept);
	return r;
}

/* The next that there is room for now; NULL: none. */
static struct oom_job *next_job(struct oom_run_command *command, size_t *cursor)
{
	for (; *cursor < command->n_jobs; (*cursor)++) {
		struct oom_job *job = &command->jobs[*cursor];

		if (job->done)
			continue;
		/* in its turn: a large one is not put off for ever by small ones */
		if (!oom_guest_host_has_room(command->guests, job->scenario))
			return NULL;
		(*cursor)++;
		return job;
	}
	return NULL;
}

/* Fills free places, waits for what happens, serves it. 1: nothing is left to do. */
static int turn(struct oom_run_command *command, struct slot *slots, size_t n_slots, size_t *cursor,
	struct oom_err *err)
{
	struct pollfd fds[65] = {{.fd = command->signal_fd, .events = POLLIN}};
	size_t busy = 0;
	int r;

	for (size_t i = 0; i < n_slots; i++) {
		struct oom_job *job;

		while (!slots[i].attempt && (job = next_job(command, cursor))) {
			r = slot_start(command, &slots[i], job, err);
			if (r < 0)
				return r;
		}
		fds[1 + i].fd = slots[i].attempt ? oom_guest_attempt_fd(slots[i].attempt) : -1;
		fds[1 + i].events = POLLIN;
		busy += slots[i].attempt != NULL;
	}
	if (!busy)
		return 1;
	oom_progress_status(command);
	if (poll(fds, (nfds_t)n_slots + 1, 1000) < 0 && errno != EINTR)
		return oom_err_errno(err, errno, "cannot wait for the guests");
	if (fds[0].revents & POLLIN)
		return -EINTR;
	for (size_t i = 0; i < n_slots; i++) {
		if (!slots[i].attempt)
			continue;
		r = slot_step(command, &slots[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int oom_run_jobs_guests(struct oom_run_command *command, struct oom_err *err)
{
	struct slot *slots;
	size_t n = (size_t)oom_guest_host_jobs(command->guests), cursor = 0;
	int r;

	n = n > 64 ? 64 : n;
	slots = oom_arena_alloc(&command->arena, n * sizeof(*slots));
	if (!slots)
		return oom_err_set(err, ENOMEM, "no memory for %zu guests", n);
	do {
		r = turn(command, slots, n, &cursor, err);
	} while (r == 0);
	for (size_t i = 0; i < n; i++)
		if (slots[i].attempt)
			oom_guest_attempt_free(slots[i].attempt);
	return r < 0 ? r : 0;
}
