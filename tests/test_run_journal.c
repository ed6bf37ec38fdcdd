// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines of a run's journal, as --resume reads them. */
#include "harness/run_command.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(run_journal, a_line_is_read_whole_or_not_at_all)
{
	static const struct {
		const char *line;
		size_t len; /* 0: all of it */
		int r;
	} rows[] = {
		{"{\"scenario\":\"a/b\"}\n", 0, 0},
		{"{\"scenario\":\"a/b\"}", 0, 0},
		{"", 0, -EBADMSG},
		{"\n", 0, -EBADMSG},
		{"{\"scenario\":\"a/b\"", 0, -EBADMSG},
		{"{\"scenario\":\"a/b\"}}", 0, -EBADMSG},
		{"{\"scenario\":null}", 0, -EBADMSG},
		{"[]", 0, -EBADMSG},
		/* zeros, as a file system may leave them behind a crash, and what a later run wrote behind them */
		{"{\"scenario\":\"a/b\"}\0\0\0\0", 24, -EBADMSG},
		{"{\"scenario\":\"a/b\"}\0{\"scenario\":\"c\"}\n", 38, -EBADMSG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = NULL;
		struct oom_err err = {0};
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].line);
		int r = oom_journal_line_parse(rows[i].line, len, &err, &attempt);

		cr_expect_eq(r, rows[i].r, "row %zu: %s", i, err.msg);
		cr_expect_eq(!*err.msg, !r, "row %zu", i);
		cr_expect_eq(!attempt, r < 0, "row %zu", i);
		oom_attempt_free(attempt);
	}
}

Test(run_journal, a_record_goes_to_its_job_alone_and_once)
{
	static const struct {
		const char *scenario, *machine;
		int64_t attempt;
		bool taken;
	} rows[] = {{"a", "m1", 1, false}, {"a", "m2", 2, false}, {"b", "m2", 1, false}, {"a", NULL, 1, false},
		{"a", "m2", 1, true}, {"a", "m2", 1, false}};
	struct oom_scenario scenario = {.id = "a"};
	struct oom_machine_rec machines[] = {{.id = "m1"}, {.id = "m2"}};
	struct oom_run run = {.machines = machines, .n_machines = 2};
	struct oom_job job = {.scenario = &scenario, .machine = 1, .attempt = 1};
	struct oom_run_command command = {.run = &run, .jobs = &job, .n_jobs = 1};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = oom_attempt_new();

		attempt->scenario = rows[i].scenario;
		attempt->machine = rows[i].machine;
		attempt->attempt = rows[i].attempt;
		attempt->verdict = OOM_PASS;
		cr_expect_eq(oom_journal_take(&command, attempt), rows[i].taken, "row %zu", i);
		cr_expect_eq(job.record == attempt, rows[i].taken, "row %zu", i);
	}
	cr_expect_eq(command.progress.done, 1);
	cr_expect_eq(command.progress.counts[OOM_PASS], 1);
	oom_attempt_free(job.record);
}
