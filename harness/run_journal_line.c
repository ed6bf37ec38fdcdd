// SPDX-License-Identifier: LGPL-2.1-or-later
/* A line of attempts.jsonl, apart from the file that it stands in. */
#include "harness/run_command.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

int oom_journal_line_parse(const char *line, size_t len, struct oom_err *err, struct oom_attempt **ret)
{
	json_error_t at;
	json_t *json = json_loadb(line, len, 0, &at);
	int r;

	if (!json)
		return oom_err_set(err, EBADMSG, "no JSON: column %d: %s", at.column, at.text);
	r = oom_attempt_from_json(json, err, ret);
	json_decref(json);
	return r;
}

char *oom_journal_line_format(const struct oom_attempt *attempt, size_t *ret_len)
{
	json_t *json = oom_attempt_to_json(attempt);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return NULL;
	*ret_len = strlen(text) + 1;
	text[*ret_len - 1] = '\n'; /* in the place of the NUL: a line is one write */
	return text;
}

static struct oom_job *job_of(struct oom_run_command *command, const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < command->n_jobs; i++) {
		struct oom_job *job = &command->jobs[i];

		if (job->attempt == attempt->attempt &&
			!strcmp(job->scenario->id, attempt->scenario ? attempt->scenario : "") &&
			!strcmp(command->run->machines[job->machine].id,
				attempt->machine ? attempt->machine : ""))
			return job;
	}
	return NULL;
}

bool oom_journal_take(struct oom_run_command *command, struct oom_attempt *attempt)
{
	struct oom_job *job = job_of(command, attempt);

	if (!job || job->record) {
		oom_attempt_free(attempt);
		return false;
	}
	job->record = attempt;
	command->progress.done++;
	command->progress.counts[attempt->verdict]++;
	return true;
}
