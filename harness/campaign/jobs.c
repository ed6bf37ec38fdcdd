// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attempt.h"
#include "harness/attempt/panic.h"
#include "harness/campaign/campaign.h"
#include "harness/campaign/inputs.h"
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
	if (oom_inputs_note(command, job, record) < 0)
		return oom_err_set(err, ENOMEM, "no memory for a record");
	oom_evidence_settle(command, record);
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

/* Its guest, ahead of its turn or in it. */
static int slot_prepare(struct oom_run_command *command, struct slot *slot, struct oom_job *job,
	bool ahead, struct oom_err *err)
{
	struct oom_guest_order order = {.spec = &command->specs[job->machine],
		.scenario = job->scenario,
		.evidence_dir =
			oom_journal_evidence_dir(command, job, slot->dir, sizeof(slot->dir)),
		.attempt = job->attempt,
		.seed = job->seed,
		.timeout_us = command->options.timeout_us,
		.ahead = ahead};

	slot->job = job;
	return oom_guest_attempt_start(command->guests, &order, err, &slot->attempt);
}

static int slot_start(struct oom_run_command *command, struct slot *slot, struct oom_job *job,
	struct oom_err *err)
{
	struct oom_err why;
	struct oom_attempt *record;

	job->running = true;
	if (slot->attempt) {
		oom_guest_attempt_go(slot->attempt);
	} else if (slot_prepare(command, slot, job, false, &why) < 0) {
		record = record_of_failure(command, job, why.msg);
		slot->job = NULL;
		return record ? oom_job_finished(command, job, record, err) : -ENOMEM;
	}
	oom_progress_begin(command, job, slot->dir[0] ? slot->dir : NULL);
	return 0;
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
		char printk[sizeof(slot->dir) + 16];

		snprintf(printk, sizeof(printk), "%s/printk", slot->dir);
		if (oom_panic_judge(slot->job->scenario, printk, record) < 0)
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

enum { GUESTS_MAX = 64 };

/* The guests of a run: those whose turn it is, and those that are made ready meanwhile, the next one first. */
struct places {
	size_t count; /* of each */
	struct slot now[GUESTS_MAX], ahead[GUESTS_MAX];
	size_t cursor, n_ahead;
};

/* The next job for @slot, with its guest where that was made ready. 1: there is none. */
static int next_turn(struct oom_run_command *command, struct places *places, struct slot *slot,
	struct oom_err *err)
{
	struct oom_job *job;

	if (places->n_ahead) {
		*slot = places->ahead[0];
		memmove(places->ahead, places->ahead + 1,
			--places->n_ahead * sizeof(*places->ahead));
		return slot_start(command, slot, slot->job, err);
	}
	job = next_job(command, &places->cursor);
	return job ? slot_start(command, slot, job, err) : 1;
}

static int fill(struct oom_run_command *command, struct places *places, struct oom_err *err)
{
	struct oom_job *job;
	int r = 0;

	for (size_t i = 0; r == 0 && i < places->count; i++)
		while (r == 0 && !places->now[i].attempt)
			r = next_turn(command, places, &places->now[i], err);
	/* behind all that run: none of these waits for them */
	while (r == 0 && places->n_ahead < places->count &&
		(job = next_job(command, &places->cursor))) {
		struct slot *slot = &places->ahead[places->n_ahead++];

		*slot = (struct slot){0};
		/* what is wrong with it is said in its turn */
		slot_prepare(command, slot, job, true, NULL);
	}
	return r < 0 ? r : 0;
}

static int serve(struct oom_run_command *command, struct places *places, struct oom_err *err)
{
	struct oom_attempt *none;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < places->count; i++)
		if (places->now[i].attempt)
			r = slot_step(command, &places->now[i], err);
	for (size_t i = 0; i < places->n_ahead; i++)
		if (places->ahead[i].attempt)
			oom_guest_attempt_step(places->ahead[i].attempt, &none);
	return r;
}

static int attempt_fd(const struct slot *slot)
{
	return slot->attempt ? oom_guest_attempt_fd(slot->attempt) : -1;
}

/* Fills free places, waits for what happens, serves it. 1: nothing is left to do. */
static int turn(struct oom_run_command *command, struct places *places, struct oom_err *err)
{
	struct pollfd fds[1 + 2 * GUESTS_MAX] = {{.fd = command->signal_fd, .events = POLLIN}};
	size_t n = 1;
	int r = fill(command, places, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < places->count; i++)
		if (places->now[i].attempt)
			fds[n++] = (struct pollfd){attempt_fd(&places->now[i]), POLLIN, 0};
	if (n == 1)
		return 1;
	for (size_t i = 0; i < places->n_ahead; i++)
		fds[n++] = (struct pollfd){attempt_fd(&places->ahead[i]), POLLIN, 0};
	oom_progress_status(command);
	if (poll(fds, (nfds_t)n, 1000) < 0 && errno != EINTR)
		return oom_err_errno(err, errno, "cannot wait for the guests");
	if (fds[0].revents & POLLIN)
		return -EINTR;
	return serve(command, places, err);
}

int oom_run_jobs_guests(struct oom_run_command *command, struct oom_err *err)
{
	struct places *places = oom_arena_alloc(&command->arena, sizeof(*places));
	size_t n = (size_t)oom_guest_host_jobs(command->guests);
	int r;

	if (!places)
		return oom_err_set(err, ENOMEM, "no memory for %zu guests", n);
	places->count = n > GUESTS_MAX ? GUESTS_MAX : n;
	do {
		r = turn(command, places, err);
	} while (r == 0);
	for (size_t i = 0; i < places->count; i++)
		oom_guest_attempt_free(places->now[i].attempt);
	for (size_t i = 0; i < places->n_ahead; i++)
		oom_guest_attempt_free(places->ahead[i].attempt);
	return r < 0 ? r : 0;
}
