// SPDX-License-Identifier: LGPL-2.1-or-later
/* The journal of a run: what is written down, what --resume takes from it, and the record made of it. */
#include "harness/campaign/folder.h"
#include "harness/campaign/kept.h"
#include "harness/campaign/seed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char dir[64];
static struct oom_scenario scenarios[] = {
	{.id = "a/x", .path = "a/x.scenario"}, {.id = "b", .path = "b.scenario"}};
static struct oom_job jobs[8];
static struct oom_run_command command;

static void set_up(void)
{
	strcpy(dir, "/tmp/oomgate-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void tear_down(void)
{
	static const char *const names[] = {
		"attempts.jsonl", "run.json", "contents.list", "run.seed"};

	for (size_t i = 0; i < 4; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	cr_expect_eq(rmdir(dir), 0, "nothing else is left");
}

TestSuite(run_resume, .init = set_up, .fini = tear_down, .timeout = 60);

/* Two scenarios, two machines, two attempts of each. */
static int open_run(bool resume, struct oom_err *err)
{
	command = (struct oom_run_command){
		.options = {.output_dir = dir, .resume = resume, .overwrite = !resume},
		.jobs = jobs,
		.n_jobs = 8,
		.journal_fd = -1,
		.run = oom_run_new()};
	oom_run_add_machine(command.run)->id = "m";
	oom_run_add_machine(command.run)->id = "n";
	for (size_t i = 0; i < 8; i++)
		jobs[i] = (struct oom_job){
			.scenario = &scenarios[i / 4], .machine = i / 2 % 2, .attempt = 1 + i % 2};
	return oom_journal_open(&command, err);
}

static void begin(bool resume)
{
	struct oom_err err = {0};

	cr_assert_eq(open_run(resume, &err), 0, "%s", err.msg);
}

static void end(void)
{
	for (size_t i = 0; i < 8; i++)
		if (!jobs[i].entry.len)
			oom_attempt_free(jobs[i].entry.attempt);
	oom_run_free(command.run);
	close(command.journal_fd);
	oom_folder_release(&command);
	oom_kept_release(&command);
}

static struct oom_attempt *attempt_of(size_t job, const char *title)
{
	struct oom_attempt *a = oom_attempt_new();

	a->scenario = jobs[job].scenario->id;
	a->machine = command.run->machines[jobs[job].machine].id;
	a->attempt = jobs[job].attempt;
	a->title = oom_arena_strdup(&a->arena, title);
	a->verdict = OOM_PASS;
	a->reason = "";
	return a;
}

static void finish_job(size_t job, const char *title)
{
	struct oom_err err = {0};

	command.options.quiet = true;
	cr_assert_eq(oom_job_finished(&command, &jobs[job], attempt_of(job, title), &err), 0, "%s",
		err.msg);
}

/* The record as it can be read again: which attempts, in which order. */
static const char *titles(void)
{
	static char text[256];
	struct oom_err err = {0};
	struct oom_run *run = NULL;

	cr_assert_eq(oom_journal_finish(&command, &err), 0, "%s", err.msg);
	cr_assert_eq(oom_run_load(dir, &err, &run), 0, "%s", err.msg);
	text[0] = '\0';
	for (size_t i = 0; i < run->n_attempts; i++) {
		oom_borrow const struct oom_attempt *attempt = NULL;

		cr_assert_eq(oom_run_attempt(run, i, &attempt), 0);
		strcat(text, attempt->title ? attempt->title : "");
	}
	oom_run_free(run);
	return text;
}

static const char good[] =
	"\n{\"scenario\":\"b\",\"machine\":\"n\",\"attempt\":2,\"title\":\"good\"}\n";

static void add_text(const char *text, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/attempts.jsonl", dir);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

Test(run_resume, the_record_is_in_the_order_of_the_jobs)
{
	begin(false);
	for (size_t i = 8; i-- > 0;)
		finish_job(i, (char[]){(char)('0' + i), '\0'});
	cr_expect_eq(command.progress.counts[OOM_PASS], 8);
	cr_expect_str_eq(titles(), "01234567");
	end();
}

Test(run_resume, what_is_in_the_journal_is_not_made_again)
{
	begin(false);
	finish_job(6, "6");
	finish_job(1, "1");
	finish_job(4, "4");
	end();
	begin(true);
	for (size_t i = 0; i < 8; i++)
		cr_expect_eq(jobs[i].done, i == 1 || i == 4 || i == 6, "job %zu", i);
	cr_expect_eq(command.progress.done, 3);
	finish_job(0, "0");
	cr_expect_str_eq(titles(), "0146");
	end();
}

/* Lines that are of no use, each before one that is. */
Test(run_resume, a_line_of_no_use_is_passed_over)
{
	static const char *const rows[] = {"", "{", "{\"scenario\":\"b\",\"mach", "7",
		"{\"scenario\":7}", "\xff\xff",
		"{\"scenario\":\"gone\",\"machine\":\"m\",\"attempt\":1}",
		"{\"scenario\":\"b\",\"machine\":\"gone\",\"attempt\":1}",
		"{\"scenario\":\"b\",\"attempt\":1}",
		"{\"scenario\":\"b\",\"machine\":\"m\",\"attempt\":9}",
		"{\"scenario\":\"b\",\"machine\":\"m\",\"attempt\":1} x"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(false);
		end();
		add_text(rows[i], strlen(rows[i]));
		add_text(good, sizeof(good) - 1);
		begin(true);
		cr_expect_eq(command.progress.done, 1, "%s", rows[i]);
		cr_expect(jobs[7].done, "%s", rows[i]);
		cr_expect_str_eq(titles(), "good");
		end();
	}
}

Test(run_resume, the_first_of_two_counts_and_a_nul_is_no_end)
{
	static const char text[] =
		"{\"scenario\":\"b\",\"machine\":\"m\",\"attempt\":1,\"title\":\"first\"}\n"
		"{\"scenario\":\"b\",\"machine\":\"m\",\"attempt\":1,\"title\":\"second\"}\n"
		"{\"scenario\":\"b\",\"machine\":\"m\",\"attempt\":2,\"title\":\"x\"}\0\n"
		"{\"scenario\":\"a/x\",\"machine\":\"m\",\"attempt\":1,\"title\":\"last\"}";

	add_text(text, sizeof(text) - 1);
	begin(true);
	cr_expect_eq(command.progress.done, 2);
	finish_job(7, "7"); /* on a line of its own, though the one before had no end */
	cr_expect_str_eq(titles(), "lastfirst7");
	end();
}

Test(run_resume, a_line_without_end_takes_no_memory)
{
	static char filler[1 << 20];
	struct rusage usage;

	memset(filler, 'x', sizeof(filler));
	add_text("{\"scenario\":\"", 13);
	for (int i = 0; i < 200; i++)
		add_text(filler, sizeof(filler));
	add_text(good, sizeof(good) - 1);
	begin(true);
	cr_expect_eq(command.progress.done, 1);
	cr_expect_str_eq(titles(), "good");
	end();
	getrusage(RUSAGE_SELF, &usage);
#ifndef __SANITIZE_ADDRESS__
	cr_expect_lt(usage.ru_maxrss, 128 * 1024, "%ld KiB", usage.ru_maxrss);
#endif
}

/* Nobody could read it again: it is broken, says so, and can be read. */
Test(run_resume, a_record_that_is_too_large_is_broken)
{
	struct oom_attempt *attempt;
	const struct oom_attempt *read = NULL;
	struct oom_err err = {0};

	begin(false);
	attempt = attempt_of(2, "large");
	for (int i = 0; i < 525000; i++)
		cr_assert_eq(oom_attempt_add_text(
				     attempt, &attempt->warnings, &attempt->n_warnings, "w"),
			0);
	command.options.quiet = true;
	command.progress.report.run_dir = dir;
	cr_assert_eq(oom_job_finished(&command, &jobs[2], attempt, &err), 0, "%s", err.msg);
	cr_expect_eq(command.progress.counts[OOM_BROKEN], 1);
	cr_expect_str_eq(titles(), "large");
	cr_assert_eq(oom_run_attempt(command.run, 0, &read), 0);
	cr_expect_eq(read->verdict, OOM_BROKEN);
	cr_expect_str_eq(read->reason,
		"the record of this attempt is too large: more than 524288 JSON values");
	oom_attempt_return(&read);
	end();
}

/* It could not be written down: it is held, and stands in the record as broken. */
Test(run_resume, what_cannot_be_written_down_is_held)
{
	struct oom_err err = {0};
	int full = open("/dev/full", O_RDWR), journal;

	begin(false);
	finish_job(0, "0");
	journal = command.journal_fd;
	command.journal_fd = full;
	command.options.quiet = true;
	cr_expect_eq(oom_job_finished(&command, &jobs[1], attempt_of(1, "1"), &err), -ENOSPC, "%s",
		err.msg);
	command.journal_fd = journal;
	close(full);
	cr_expect(strstr(err.msg, "the disk is full"), "%s", err.msg);
	cr_expect_str_eq(titles(), "01");
	cr_expect_eq(oom_run_entry(command.run, 1).verdict, OOM_BROKEN);
	end();
}

/* ---- another plan than the one that the folder was filled by ------------------------------------ */

/* All of it: two scenarios ("a/x", "b") of four attempts each. */
static void fill(void)
{
	begin(false);
	for (size_t i = 0; i < 8; i++)
		finish_job(i, (char[]){(char)('0' + i), '\0'});
	titles();
	end();
}

static void tear_down_names(void)
{
	scenarios[0].id = "a/x";
	scenarios[1].id = "b";
}

Test(run_resume, what_is_not_in_the_plan_is_kept, .fini = tear_down_names)
{
	struct oom_run *run = NULL;
	struct oom_err err = {0};

	fill();
	scenarios[0].id = "new";
	begin(true);
	cr_expect_eq(command.progress.done, 4);
	cr_expect_eq(command.kept.count, 4);
	cr_expect_eq(command.kept.counts[OOM_PASS], 4);
	finish_job(2, "n");
	cr_expect_str_eq(titles(), "n45670123");
	cr_assert_eq(oom_run_load(dir, &err, &run), 0);
	cr_expect_eq(run->planned, 12);
	oom_run_free(run);
	end();
	begin(true); /* again: each is there once */
	cr_expect_str_eq(titles(), "n45670123");
	end();
}

/* "n" is not asked for any more: all that is known of it is in the run.json that is replaced. */
Test(run_resume, the_machine_of_a_kept_attempt_is_kept)
{
	struct oom_run *run = NULL;
	struct oom_err err = {0};

	begin(false);
	command.run->machines[1].kernel = "6.1";
	for (size_t i = 0; i < 8; i++)
		finish_job(i, "x");
	titles();
	end();
	begin(true);
	command.run->n_machines = 1;
	for (size_t i = 0; i < 8; i++) {
		if (jobs[i].machine == 0)
			continue;
		cr_assert_eq(oom_kept_add(&command,
				     &(struct oom_attempt){.scenario = jobs[i].scenario->id,
					     .machine = "n",
					     .attempt = jobs[i].attempt},
				     jobs[i].entry.offset, jobs[i].entry.len),
			0);
		jobs[i].done = false;
	}
	cr_assert_eq(oom_journal_finish(&command, &err), 0, "%s", err.msg);
	cr_assert_eq(oom_run_load(dir, &err, &run), 0, "%s", err.msg);
	cr_expect_eq(run->n_attempts, 8);
	cr_expect_eq(run->n_machines, 2);
	cr_expect_str_eq(run->machines[1].id, "n");
	cr_expect_str_eq(run->machines[1].kernel, "6.1");
	oom_run_free(run);
	end();
}

Test(run_resume, a_folder_of_other_scenarios_is_refused, .fini = tear_down_names)
{
	struct oom_err err = {0};

	fill();
	scenarios[0].id = "new";
	scenarios[1].id = "newer";
	cr_expect_eq(open_run(true, &err), -EEXIST);
	cr_expect(strstr(err.msg, "none of these scenarios has run in"), "%s", err.msg);
	cr_expect(strstr(err.msg, "8 finished attempts of others (a/x, b)"), "%s", err.msg);
	cr_expect(strstr(err.msg, "--overwrite") && strstr(err.msg, "--output"), "%s", err.msg);
	end();
	scenarios[1].id = "b";
	begin(true); /* and nothing was changed */
	cr_expect_eq(command.progress.done, 4);
	end();
}

Test(run_resume, the_seed_is_that_of_the_run)
{
	struct oom_run_options o = {.output_dir = dir, .resume = true, .seed = 5};
	struct oom_err err = {0};
	char path[128];

	/* none is there: that of the command line */
	cr_expect_eq(oom_seed_settle(&o, &err), 0);
	cr_expect_eq(o.seed, 5);
	begin(false);
	end();
	cr_expect_eq(oom_seed_write(dir, 18446744073709551615u), 0);
	cr_expect_eq(oom_seed_settle(&o, &err), 0);
	cr_expect_eq(o.seed, 18446744073709551615u);
	o.seed_given = true; /* the same one */
	cr_expect_eq(oom_seed_settle(&o, &err), 0);
	o.seed = 5;
	cr_expect_eq(oom_seed_settle(&o, &err), -EINVAL);
	cr_expect(strstr(err.msg, "has seed 18446744073709551615, not 5"), "%s", err.msg);
	o.resume = false;
	cr_expect_eq(oom_seed_settle(&o, &err), 0);
	cr_expect_eq(o.seed, 5);
	/* a run of an older version: run.json has it */
	begin(false);
	command.run->seed = 77;
	titles();
	end();
	snprintf(path, sizeof(path), "%s/" OOM_SEED_FILE, dir);
	cr_assert_eq(unlink(path), 0);
	o = (struct oom_run_options){.output_dir = dir, .resume = true, .seed = 5};
	cr_expect_eq(oom_seed_settle(&o, &err), 0);
	cr_expect_eq(o.seed, 77);
}

/* A journal whose lines belong to other machines is not compared with every job. */
Test(run_resume, a_long_journal_of_others_is_read_in_no_time)
{
	enum { MANY = 50000 };
	struct oom_job *plan = calloc(MANY, sizeof(*plan));
	struct oom_err err = {0};

	begin(false);
	for (int i = 0; i < MANY; i++) {
		char line[128];
		int n = snprintf(line, sizeof(line),
			"{\"scenario\":\"a/x\",\"machine\":\"other\",\"attempt\":%d}\n", i + 1);

		plan[i] = (struct oom_job){.scenario = &scenarios[0], .attempt = 1 + (unsigned)i};
		cr_assert_eq(write(command.journal_fd, line, (size_t)n), n);
	}
	command.jobs = plan;
	command.n_jobs = MANY;
	cr_expect_eq(oom_journal_resume(&command, &err), -EEXIST, "none of them is in the plan");
	cr_expect_eq(command.progress.done, 0);
	free(plan);
	end();
}
