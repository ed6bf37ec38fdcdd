// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A run's journal, attempts.jsonl, as --resume reads it: a line that is refused has a message; one that is
 * read is written as one line, and as the same one from then on; a job takes one record, and only its own.
 */
#include "harness/run_command.h"
#include "tests/support/fuzz.h"

static struct oom_scenario scenarios[] = {{.id = "memcg/over-cap"}, {.id = "hostile"}};
static struct oom_machine_rec machines[] = {{.id = "debian:bookworm"}, {.id = ""}};

enum { JOBS = 8 };

static size_t plan(struct oom_job jobs[static JOBS])
{
	for (size_t i = 0; i < JOBS; i++)
		jobs[i] = (struct oom_job){.scenario = &scenarios[i & 1],
			.machine = i >> 1 & 1,
			.attempt = 1 + (unsigned)(i >> 2)};
	return JOBS;
}

static struct oom_attempt *parse(const char *line, size_t len)
{
	struct oom_attempt *attempt = NULL;
	struct oom_err err = {0};
	int r = oom_journal_line_parse(line, len, &err, &attempt);

	FUZZ_CHECK(r <= 0 && (r == 0) == (attempt != NULL) && (r == 0) == !*err.msg);
	return attempt;
}

/* Written and read again, until it must stay as it is. */
static void write_again(const struct oom_attempt *attempt)
{
	struct oom_attempt *again;
	size_t once_len, twice_len;
	char *once = oom_journal_line_format(attempt, &once_len), *twice;

	FUZZ_CHECK(once && memchr(once, '\n', once_len) == once + once_len - 1);
	again = parse(once, once_len);
	FUZZ_CHECK(again);
	twice = oom_journal_line_format(again, &twice_len);
	FUZZ_CHECK(twice && once_len == twice_len && !memcmp(once, twice, once_len));
	oom_attempt_free(again);
	free(once);
	free(twice);
}

static void read_line(struct oom_run_command *command, const char *line, size_t len)
{
	char *exact = fuzz_exact(line, len);
	struct oom_attempt *attempt = parse(exact, len);
	size_t done = command->progress.done;

	free(exact);
	if (!attempt)
		return;
	write_again(attempt);
	FUZZ_CHECK(oom_journal_take(command, attempt) == (command->progress.done == done + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size;
	struct oom_run run = {.machines = machines, .n_machines = 2};
	struct oom_job jobs[JOBS];
	struct oom_run_command command = {.run = &run, .jobs = jobs, .n_jobs = plan(jobs)};
	size_t taken = 0, counted = 0;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *next = stop ? stop + 1 : end;

		read_line(&command, line, (size_t)(next - line));
		line = next;
	}
	for (size_t i = 0; i < JOBS; i++) {
		if (!jobs[i].record)
			continue;
		FUZZ_CHECK(!strcmp(jobs[i].record->scenario, jobs[i].scenario->id) &&
			   jobs[i].record->attempt == jobs[i].attempt);
		taken++;
		oom_attempt_free(jobs[i].record);
	}
	for (size_t v = 0; v < OOM_VERDICT_COUNT_; v++)
		counted += command.progress.counts[v];
	FUZZ_CHECK(taken == command.progress.done && taken == counted);
	return 0;
}
