/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CAMPAIGN_H
#define OOM_CAMPAIGN_H

#include "harness/campaign/evidence_keep.h"
#include "harness/campaign/report_out.h"
#include "harness/campaign/scenario_set.h"
#include "harness/guest/attempt/host.h"
#include "harness/guest/image/spec.h"
#include "harness/say/usage.h"
#include "harness/units/backend.h"
#include "lib/base/names.h"
#include "lib/record/record.h"

#include <jansson.h>
#include <stdio.h>

/* 'oomgate run' from its options to its exit status: what the steps share. */

enum oom_run_place { OOM_PLACE_AUTO, OOM_PLACE_GUEST, OOM_PLACE_LOCAL };

struct oom_run_options {
	enum oom_run_place place;
	enum oom_evidence_kept evidence;
	const struct oom_backend *backend; /* of LOCAL */
	const char *guests[32]; /* --guest, as given */
	size_t n_guests;
	const char *config_dir, *tag_expr, *output_dir, *accel;
	const char *formats[16]; /* --format, as given */
	size_t n_formats;
	const char **paths;
	size_t n_paths;
	unsigned repeat, jobs;
	uint64_t seed, timeout_us;
	struct oom_usage_given given;
	bool seed_given;
	bool resume, overwrite, keep, dry_run, verbose, quiet, allow_host_oom;
};

extern const struct argp oom_run_argp; /* its input is a struct oom_run_options */
/* 0, or -EINVAL: an option has no effect beside the others. */
int oom_run_options_check(const struct oom_run_options *options, struct oom_err *err);

/* One attempt to make. */
struct oom_job {
	const struct oom_scenario *scenario;
	size_t machine; /* index into command->run->machines and ->specs */
	unsigned attempt;
	uint64_t seed;
	struct oom_entry entry; /* of its record, which is in the journal */
	const char *
		changed; /* stale.h: why an attempt that has ended does not count; NULL: there is none */
	bool running, done; /* done: now, or taken from the journal with --resume */
};

struct oom_run_command {
	struct oom_run_options options;
	struct oom_arena arena;
	struct oom_scenario_set set;
	struct oom_guest_spec *specs; /* one a machine; NULL: local */
	struct oom_guest_host *guests;
	const struct oom_inputs *inputs; /* inputs.h: of each machine; NULL: not opened */
	struct oom_run *run;
	struct oom_report_outs reports;
	struct oom_job *jobs;
	size_t n_jobs;
	char dir[512]; /* of the run's record */
	struct oom_kept {
		struct oom_entry *entries;
		size_t count, size, counts[OOM_VERDICT_COUNT_];
		struct oom_names names;
	} kept; /* kept.h: finished attempts that are not in the plan */
	struct oom_stale {
		size_t planned, left_out;
	} stale; /* stale.h: finished attempts that were made from something else */
	struct json_t *listed; /* folder.h: names of what this run wrote there */
	int journal_fd;
	int signal_fd;
	bool interrupted;
	struct oom_progress {
		bool shown;
		size_t done, counts[OOM_VERDICT_COUNT_];
		struct oom_report_options report;
	} progress;
};

/* Lays out jobs: scenario by scenario, machine by machine, attempt by attempt. */
int oom_plan_build(struct oom_run_command *command, struct oom_err *err);

/* The run's folder: made, with --resume read again, with --overwrite cleared of the run that was there. */
int oom_journal_open(struct oom_run_command *command, struct oom_err *err);
/* Takes over what the journal has already, and says which lines are of no use. */
int oom_journal_resume(struct oom_run_command *command, struct oom_err *err);
/* Appends a finished attempt and syncs it: from then on a crash cannot lose it, and its entry is all that need be
 * held. A record that nobody could read again (OOM_RECORD_BYTES_MAX and so on) becomes a broken one. */
int oom_journal_append(struct oom_run_command *command, struct oom_attempt *attempt,
	struct oom_err *err, struct oom_entry *ret);
/* Folder for the raw evidence of @job, made, and empty; @buf is returned. */
const char *oom_journal_evidence_dir(
	struct oom_run_command *command, const struct oom_job *job, char *buf, size_t size);
/* Puts all finished attempts into the run, in the order of the jobs, and writes run.json. */
int oom_journal_finish(struct oom_run_command *command, struct oom_err *err);
/* Makes all jobs; -EINTR after a signal. */
int oom_run_jobs_local(struct oom_run_command *command, struct oom_err *err);
int oom_run_jobs_guests(struct oom_run_command *command, struct oom_err *err);
/* A job is over: journal, progress line, count. Takes the record. */
int oom_job_finished(struct oom_run_command *command, struct oom_job *job,
	struct oom_attempt *record, struct oom_err *err);

/* What a person sees on stderr while it runs. */
void oom_progress_open(struct oom_run_command *command);
void oom_progress_say(struct oom_run_command *command, const char *text);
/* With --verbose: an attempt begins. */
void oom_progress_begin(
	struct oom_run_command *command, const struct oom_job *job, const char *evidence_dir);
void oom_progress_attempt(struct oom_run_command *command, const struct oom_attempt *record);
/* With --keep: where; "": nothing was. The user asked for it: --quiet says it, too. */
void oom_progress_kept(
	struct oom_run_command *command, const struct oom_job *job, const char *path);
void oom_progress_status(struct oom_run_command *command);
void oom_progress_clear(struct oom_run_command *command);

#endif
