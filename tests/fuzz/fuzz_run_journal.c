// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A run's journal, attempts.jsonl, as --resume reads it: a line that is refused has a message; one that is
 * read is written as one line, and as the same one from then on; a job takes one record, and only its own,
 * which is found again where it lies.
 */
#include "harness/campaign/campaign.h"
#include "harness/campaign/kept.h"
#include "tests/support/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

static struct oom_scenario scenarios[] = {{.id = "memcg/over-cap"}, {.id = "hostile"}};
static struct oom_machine_rec machines[] = {{.id = "debian:bookworm"}, {.id = ""}};

enum { JOBS = 8 };

static size_t plan(struct oom_job jobs[static JOBS])
{
	for (size_t i = 0; i < JOBS; i++)
		jobs[i] = (struct oom_job){.scenario = &scenarios[i >> 2],
			.machine = i >> 1 & 1,
			.attempt = 1 + (unsigned)(i & 1)};
	return JOBS;
}

static struct oom_attempt *parse(const char *line, size_t len)
{
	struct oom_attempt *attempt = NULL;
	struct oom_err err = {0};
	int r = oom_attempt_parse(line, len, &err, &attempt);

	FUZZ_CHECK(r <= 0 && (r == 0) == (attempt != NULL) && (r == 0) == !*err.msg);
	return attempt;
}

static char *format(const struct oom_attempt *attempt)
{
	json_t *json = oom_attempt_to_json(attempt);
	char *text;

	FUZZ_CHECK(json);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	FUZZ_CHECK(text && !strchr(text, '\n'));
	return text;
}

/* Written and read again, until it must stay as it is. */
static void look_at(const char *line, size_t len)
{
	char *exact = fuzz_exact(line, len), *once, *twice;
	struct oom_attempt *attempt = parse(exact, len), *again;

	free(exact);
	if (!attempt)
		return;
	once = format(attempt);
	again = parse(once, strlen(once));
	FUZZ_CHECK(again);
	twice = format(again);
	FUZZ_CHECK(!strcmp(once, twice));
	oom_attempt_free(again);
	oom_attempt_free(attempt);
	free(once);
	free(twice);
}

/* What a job took is a line of the file, and its own. */
static void look_again(const struct oom_run_command *command, const struct oom_job *job,
	const char *text, size_t size)
{
	const struct oom_entry *entry = &job->entry;
	struct oom_attempt *attempt;

	FUZZ_CHECK(entry->len && entry->offset + entry->len <= size);
	attempt = parse(text + entry->offset, entry->len);
	FUZZ_CHECK(attempt && !strcmp(attempt->scenario, job->scenario->id) &&
		attempt->attempt == job->attempt);
	FUZZ_CHECK(!strcmp(
		attempt->machine ? attempt->machine : "", command->run->machines[job->machine].id));
	oom_attempt_free(attempt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	struct oom_run *run = oom_run_new();
	struct oom_job jobs[JOBS];
	struct oom_run_command command = {
		.run = run, .jobs = jobs, .n_jobs = plan(jobs), .dir = "run"};
	size_t taken = 0, counted = 0, kept = 0;
	struct oom_err err = {0};
	int r;

	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		look_at(line, (size_t)(stop - line));
		line = stop + 1;
	}
	FUZZ_CHECK(run);
	for (size_t m = 0; m < 2; m++)
		*oom_run_add_machine(run) = machines[m];
	command.journal_fd = memfd_create("journal", MFD_CLOEXEC);
	FUZZ_CHECK(
		command.journal_fd >= 0 && write(command.journal_fd, data, size) == (ssize_t)size);
	r = oom_journal_resume(&command, &err);
	/* a run of other scenarios alone is refused */
	FUZZ_CHECK(r == (command.kept.count && !command.progress.done ? -EEXIST : 0));
	for (size_t i = 0; i < JOBS; i++) {
		if (!jobs[i].done)
			continue;
		look_again(&command, &jobs[i], text, size);
		taken++;
	}
	for (size_t v = 0; v < OOM_VERDICT_COUNT_; v++) {
		counted += command.progress.counts[v];
		kept += command.kept.counts[v];
	}
	FUZZ_CHECK(taken == command.progress.done && taken == counted);
	FUZZ_CHECK(kept == command.kept.count);
	for (size_t i = 0; i < kept; i++)
		FUZZ_CHECK(command.kept.entries[i].offset + command.kept.entries[i].len <= size);
	oom_kept_release(&command);
	close(command.journal_fd);
	oom_run_free(run);
	return 0;
}
