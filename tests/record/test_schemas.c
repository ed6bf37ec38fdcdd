// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records of every schema there ever was, as the program of its time wrote them (tests/data/records): each is read
 * for ever, and says what it said. A new schema brings a file here and a row below.
 */
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS "tests/data/records/"

static const struct {
	const char *file;
	size_t n_attempts;
	const char *scenario; /* one of them */
	enum oom_verdict verdict;
	const char *workload;
	enum oom_end end;
	enum oom_killer killed_by;
	int64_t reached_bytes;
} rows[] = {
	{RECORDS "run-1.json", 3, "memcg/limit-of-the-parent", OOM_PASS, "hog", OOM_END_SIGNALLED,
		OOM_KILLER_KERNEL_MEMCG, 66650112},
	{RECORDS "run-2.json", 1, "memcg/faults", OOM_PASS, "hog", OOM_END_SIGNALLED,
		OOM_KILLER_KERNEL_MEMCG, 81788928},
};

enum { N_ROWS = sizeof(rows) / sizeof(*rows) };

static struct oom_run *load(const char *path)
{
	struct oom_run *run = NULL;
	struct oom_err err = {0};

	cr_assert_eq(oom_run_load_file(path, &err, &run), 0, "%s", err.msg);
	return run;
}

/* The attempt at @scenario; the caller's to return. */
static const struct oom_attempt *attempt_of(const struct oom_run *run, const char *scenario)
{
	const struct oom_attempt *attempt = NULL;

	for (size_t i = 0; i < run->n_attempts && !attempt; i++)
		if (!strcmp(oom_run_scenario(run, i), scenario))
			cr_assert_eq(oom_run_attempt(run, i, &attempt), 0);
	cr_assert(attempt, "no attempt at '%s'", scenario);
	return attempt;
}

static int put(void *data, const char *text, size_t len)
{
	return fwrite(text, 1, len, data) == len ? 0 : -EIO;
}

/* The record as it is written today, read again. */
static struct oom_run *written_again(const struct oom_run *run, char **ret_text)
{
	char path[] = "/tmp/oomgate-test.XXXXXX";
	size_t size;
	FILE *text = open_memstream(ret_text, &size), *file;
	int fd = mkstemp(path);
	struct oom_run *again;

	cr_assert(text && fd >= 0);
	cr_assert_eq(oom_run_write_json(run, 1, false, put, text), 0);
	fclose(text);
	file = fdopen(fd, "w");
	fwrite(*ret_text, 1, size, file);
	fclose(file);
	again = load(path);
	unlink(path);
	return again;
}

static void expect_row(size_t i, const struct oom_run *run)
{
	oom_borrow const struct oom_attempt *attempt = attempt_of(run, rows[i].scenario);
	const struct oom_workload_rec *w = oom_attempt_workload(attempt, rows[i].workload);

	cr_assert_eq(run->n_attempts, rows[i].n_attempts, "%s", rows[i].file);
	cr_assert(w, "%s", rows[i].file);
	cr_expect_eq(attempt->verdict, rows[i].verdict, "%s", rows[i].file);
	cr_expect_eq(w->end, rows[i].end, "%s", rows[i].file);
	cr_expect_eq(w->killed_by, rows[i].killed_by, "%s", rows[i].file);
	cr_expect_eq(w->reached_bytes, rows[i].reached_bytes, "%s", rows[i].file);
	cr_expect_gt(attempt->n_kills, 0, "%s", rows[i].file);
	cr_expect_gt(attempt->n_expects, 0, "%s", rows[i].file);
}

/* What only the second has. */
Test(schemas, tell_of_faults_from_2_on)
{
	struct oom_run *first = load(RECORDS "run-1.json"), *second = load(RECORDS "run-2.json");
	oom_borrow const struct oom_attempt *before =
		attempt_of(first, "memcg/limit-of-the-parent");
	oom_borrow const struct oom_attempt *a = attempt_of(second, "memcg/faults");

	cr_expect_eq(before->n_faults + before->n_preconditions, 0);
	cr_assert_eq(a->n_faults, 3);
	cr_expect_str_eq(a->faults[0].name, "push");
	cr_expect_eq(a->faults[0].errno_value, EAGAIN);
	cr_expect_eq(a->faults[1].errno_value, 0);
	cr_expect_gt(a->faults[1].fired_us, 0);
	cr_expect_eq(a->faults[2].fired_us, -1);
	cr_assert_eq(a->n_preconditions, 4);
	cr_expect(strstr(a->preconditions[0].reason, "'late' was not started"));
	cr_expect(a->preconditions[0].optional);
	cr_expect_eq(a->preconditions[0].verdict, OOM_PASS);
	cr_expect_null(a->preconditions[2].reason);
	oom_attempt_return(&before);
	oom_attempt_return(&a);
	oom_run_free(first);
	oom_run_free(second);
}

Test(schemas, are_read_for_ever_and_written_as_the_newest)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		struct oom_run *run = load(rows[i].file), *again;
		char *text = NULL;

		expect_row(i, run);
		again = written_again(run, &text);
		cr_expect(strstr(text, "\"schema\": \"oomgate.run/2\""), "%s", rows[i].file);
		expect_row(i, again);
		for (size_t a = 0; a < run->n_attempts; a++)
			cr_expect_eq(run->entries[a].end_hash, again->entries[a].end_hash,
				"%s, attempt %zu", rows[i].file, a);
		free(text);
		oom_run_free(again);
		oom_run_free(run);
	}
}

/* The rows above and their files are all that the reader takes: one more would need a file of its own. */
Test(schemas, each_has_its_file)
{
	for (size_t number = 0; number <= N_ROWS + 1; number++) {
		char path[] = "/tmp/oomgate-test.XXXXXX";
		FILE *file = fdopen(mkstemp(path), "w");
		bool known = number >= 1 && number <= N_ROWS;
		struct oom_run *run = NULL;
		struct oom_err err = {0};
		int r;

		fprintf(file, "{\"schema\":\"oomgate.run/%zu\",\"results\":[]}", number);
		fclose(file);
		r = oom_run_load_file(path, &err, &run);
		cr_expect_eq(r, known ? 0 : -EBADMSG, "schema %zu: %s", number, err.msg);
		cr_expect(known || strstr(err.msg, "is not 'oomgate.run/2' or an older one"), "%s",
			err.msg);
		oom_run_free(run);
		unlink(path);
	}
}
