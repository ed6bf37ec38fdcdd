// SPDX-License-Identifier: LGPL-2.1-or-later
/* A run that was cut off: what its journal has is not made again. */
#include "harness/campaign/campaign.h"
#include "harness/campaign/inputs.h"
#include "harness/campaign/kept.h"
#include "harness/campaign/seed.h"
#include "harness/campaign/stale.h"
#include "harness/say/say.h"
#include "lib/base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file's lines, one at a time, none of them too long for a record. */
struct lines {
	int fd;
	size_t pos, len, number; /* number: of the line, from 1 */
	uint64_t offset; /* of buf */
	uint64_t begin; /* of the line */
	char *line;
	size_t line_len, line_size;
	bool too_long;
	char buf[65536];
};

static int keep(struct lines *in, const char *bytes, size_t len)
{
	char *grown;

	if (!len)
		return 0;
	if (in->too_long || in->line_len + len > OOM_RECORD_BYTES_MAX) {
		in->too_long = true;
		return 0;
	}
	if (in->line_size - in->line_len < len) {
		in->line_size = 2 * (in->line_len + len);
		grown = realloc(in->line, in->line_size);
		if (!grown)
			return -ENOMEM;
		in->line = grown;
	}
	memcpy(in->line + in->line_len, bytes, len);
	in->line_len += len;
	return 0;
}

/* 1: a line, without its line feed; 0: there is no more */
static int line_next(struct lines *in)
{
	bool any = false;

	in->begin = in->offset + in->pos;
	in->line_len = 0;
	in->too_long = false;
	in->number++;
	for (;;) {
		const char *at = in->buf + in->pos, *feed = memchr(at, '\n', in->len - in->pos);
		size_t n = feed ? (size_t)(feed - at) : in->len - in->pos;
		ssize_t more;

		if (keep(in, at, n) < 0)
			return -ENOMEM;
		any |= n || feed;
		in->pos += n + (feed != NULL);
		if (feed)
			return 1;
		in->offset += in->len;
		in->pos = in->len = 0;
		more = pread(in->fd, in->buf, sizeof(in->buf), (off_t)in->offset);
		if (more < 0 && errno != EINTR)
			return -errno;
		if (!more)
			return any;
		in->len = more > 0 ? (size_t)more : 0;
	}
}

/* The plan lays jobs out by scenario, machine and attempt (plan.c): where each scenario begins says where each of
 * its attempts is. */
struct plan {
	struct oom_names scenarios;
	size_t *first; /* by scenario: its first job */
	struct oom_arena arena;
};

static int plan_read(const struct oom_run_command *command, struct plan *ret)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		uint32_t before = ret->scenarios.count, number;

		if (i && command->jobs[i].scenario == command->jobs[i - 1].scenario)
			continue;
		if (oom_names_add(&ret->scenarios, command->jobs[i].scenario->id, &number) < 0)
			return -ENOMEM;
		if (number < before)
			continue;
		ret->first = oom_arena_grow(&ret->arena, ret->first, number, sizeof(*ret->first));
		if (!ret->first)
			return -ENOMEM;
		ret->first[number] = i;
	}
	return 0;
}

static void plan_release(struct plan *plan)
{
	oom_names_release(&plan->scenarios);
	oom_arena_release(&plan->arena);
}

/* Scenarios of the same number of attempts on each machine. */
static size_t repeat_at(const struct oom_run_command *command, size_t first)
{
	size_t end = first, step = 1;

	/* in strides: there may be a million */
	while (end + 1 < command->n_jobs &&
		command->jobs[end + 1].attempt > command->jobs[end].attempt) {
		while (end + step < command->n_jobs &&
			command->jobs[end + step].attempt == command->jobs[end].attempt + step)
			end += step, step *= 2;
		step = 1;
	}
	return end - first + 1;
}

static struct oom_job *job_of(const struct oom_run_command *command, const struct plan *plan,
	const struct oom_attempt *attempt)
{
	const char *machine = attempt->machine ? attempt->machine : "";
	uint32_t number;
	size_t first, repeat;

	if (attempt->attempt < 1 || !oom_names_find(&plan->scenarios, attempt->scenario, &number))
		return NULL;
	first = plan->first[number];
	repeat = repeat_at(command, first);
	if ((uint64_t)attempt->attempt > repeat)
		return NULL;
	for (size_t m = 0; m < command->run->n_machines; m++) {
		size_t i = first + m * repeat + (size_t)attempt->attempt - 1;
		struct oom_job *job = i < command->n_jobs ? &command->jobs[i] : NULL;

		if (job && !strcmp(command->run->machines[job->machine].id, machine) &&
			job->attempt == attempt->attempt &&
			!strcmp(job->scenario->id, attempt->scenario))
			return job;
	}
	return NULL;
}

/* Of an attempt that is not in the plan: its scenario and machine, as far as they are. */
static struct oom_job like(const struct oom_run_command *command, const struct plan *plan,
	const struct oom_attempt *attempt, bool *ret_machine)
{
	const char *machine = attempt->machine ? attempt->machine : "";
	struct oom_job job = {.attempt = (unsigned)attempt->attempt};
	uint32_t number;

	*ret_machine = false;
	for (size_t m = 0; !*ret_machine && m < command->run->n_machines; m++) {
		job.machine = m;
		*ret_machine = !strcmp(command->run->machines[m].id, machine);
	}
	if (oom_names_find(&plan->scenarios, attempt->scenario, &number)) {
		job.scenario = command->jobs[plan->first[number]].scenario;
		job.seed =
			oom_seed_of(command->options.seed, attempt->scenario, machine, job.attempt);
	}
	return job;
}

/* A verdict holds for what it was made from, whatever that is called now. */
static const char *differs(const struct oom_run_command *command, const struct plan *plan,
	const struct oom_job *job, const struct oom_attempt *attempt)
{
	bool has_machine;
	struct oom_job other;

	if (job)
		return oom_inputs_differ(command, job, attempt);
	other = like(command, plan, attempt, &has_machine);
	return has_machine ? oom_inputs_differ(command, &other, attempt) : NULL;
}

/* What the line says is kept as an entry; 1: it says nothing that could be used. */
static int take_line(
	struct oom_run_command *command, const struct plan *plan, const struct lines *in)
{
	struct oom_attempt *attempt = NULL;
	const char *changed;
	struct oom_job *job;
	int r;

	if (in->too_long || oom_attempt_parse(in->line, in->line_len, NULL, &attempt) < 0)
		return 1;
	job = job_of(command, plan, attempt);
	changed = differs(command, plan, job, attempt);
	r = 0;
	if (changed)
		oom_stale_add(command, job, changed);
	else if (!job)
		r = oom_kept_add(command, attempt, in->begin, (uint32_t)in->line_len);
	else if (!job->done)
		r = oom_run_describe(
			command->run, attempt, in->begin, (uint32_t)in->line_len, &job->entry);
	if (r == 0 && !changed && job && !job->done) {
		job->done = true;
		command->progress.done++;
		command->progress.counts[attempt->verdict]++;
	}
	oom_attempt_free(attempt);
	return r;
}

/* A line that does not parse is the one that the crash cut off: it is made again. */
int oom_journal_resume(struct oom_run_command *command, struct oom_err *err)
{
	struct lines *in = calloc(1, sizeof(*in));
	struct plan plan = {0};
	int r;

	if (!in)
		return oom_err_set(
			err, ENOMEM, "no memory to read '%s/attempts.jsonl'", command->dir);
	in->fd = command->journal_fd;
	r = plan_read(command, &plan);
	while (r >= 0 && (r = line_next(in)) > 0) {
		r = take_line(command, &plan, in);
		if (r < 0)
			break;
		if (r > 0)
			oom_say(stderr,
				"oomgate: %s/attempts.jsonl:%zu is %s; that attempt is run again\n",
				command->dir, in->number,
				in->too_long ? "too long for a record" : "cut off");
	}
	plan_release(&plan);
	free(in->line);
	free(in);
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read '%s/attempts.jsonl'", command->dir);
	oom_stale_tell(command);
	return oom_kept_check(command, err);
}
