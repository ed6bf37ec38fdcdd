// SPDX-License-Identifier: LGPL-2.1-or-later
/* Records as files: in any order of their members, cut off anywhere, and wrong in every way. */
#include "lib/base/cleanup.h"
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Reads @len bytes of @text as a record; NULL and @err where it is none. */
static struct oom_run *read_text(const char *text, size_t len, struct oom_err *err)
{
	char path[] = "/tmp/oomgate-test-XXXXXX";
	int fd = mkstemp(path);
	struct oom_run *run = NULL;
	int r;

	cr_assert_geq(fd, 0);
	unlink(path);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	r = oom_run_read(fd, err, &run);
	cr_assert_eq(!run, r < 0);
	if (r < 0) {
		cr_expect_eq(r, -EBADMSG, "%d: %s", r, err->msg);
		cr_expect(err->msg[0]);
		close(fd);
	}
	return run;
}

#define A1                                                                                         \
	"{\"scenario\":\"a/x\",\"title\":\"X\",\"machine\":\"m\",\"attempt\":1,\"verdict\":\"pass\"}"
#define A2                                                                                         \
	"{\"scenario\":\"a/x\",\"title\":\"other\",\"machine\":\"n\",\"attempt\":2,\"verdict\":\"fail\"}"

Test(record_read, members_may_stand_in_any_order)
{
	static const char *const rows[] = {
		"{\"schema\":\"oomgate.run/2\",\"machines\":[{\"id\":\"m\"}],\"seed\":7,\"results\":[" A1
		"," A2 "]}",
		"{\"results\":[" A1 "," A2
		"],\"seed\":7,\"machines\":[{\"id\":\"m\"}],\"schema\":\"oomgate.run/2\"}",
		"{\"machines\":[{\"id\":\"m\"}],\"results\":[" A1 "," A2
		"],\"schema\":\"oomgate.run/2\",\"seed\":7}",
		" \n{ \"seed\" :7,\"of_tomorrow\":{\"results\":[1]},\"\\u0072esults\" : [ " A1
		"\n,\t" A2 " ] ,\r\n"
		"\"machines\":[{\"id\":\"m\"}],\"schema\":\"oomgate.run/2\" } \n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct oom_attempt *attempt = NULL;
		struct oom_err err = {0};
		struct oom_run *run = read_text(rows[i], strlen(rows[i]), &err);

		cr_assert_not_null(run, "row %zu: %s", i, err.msg);
		cr_expect_eq(run->seed, 7);
		cr_expect_eq(run->n_machines, 1);
		cr_expect_str_eq(run->machines[0].id, "m");
		cr_assert_eq(run->n_attempts, 2);
		cr_expect_str_eq(oom_run_scenario(run, 1), "a/x");
		cr_expect_str_eq(oom_run_title(run, 1), "X", "that of the first attempt");
		cr_expect_str_eq(oom_run_machine_id(run, 1), "n");
		cr_expect_eq(oom_run_entry(run, 0).verdict, OOM_PASS);
		cr_expect_eq(oom_run_entry(run, 1).verdict, OOM_FAIL);
		cr_expect_eq(oom_run_entry(run, 1).number, 2);
		cr_assert_eq(oom_run_attempt(run, 1, &attempt), 0);
		cr_expect_str_eq(attempt->title, "other");
		oom_attempt_return(&attempt);
		cr_expect_null(attempt);
		oom_run_free(run);
	}
}

Test(record_read, a_record_that_is_cut_off_is_none)
{
	static const char text[] =
		"{\"schema\":\"oomgate.run/2\",\"seed\":12,\"results\":[" A1 ",\n" A2 "],\"x\":tru"
		"e,\"summary\":{\"pass\":1}}";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct oom_err err = {0};

		cr_expect_null(read_text(text, len, &err), "%.*s", (int)len, text);
		cr_expect(strstr(err.msg, "not JSON: line "), "%zu: %s", len, err.msg);
	}
}

#define IN(results) "{\"schema\":\"oomgate.run/2\",\n\"results\":[" results "]}"

Test(record_read, what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "not JSON: line 1, column 1: the file ends here"},
		{"[]", "line 1, column 1: '{' is missing"},
		{"\xef\xbb\xbf{}", "line 1, column 1: '{' is missing"},
		{"{}", "schema '' is not 'oomgate.run/2'"},
		{"{\"schema\":7}", "schema '' is not"},
		{"{\"schema\":\"oomgate.run/2\"} x",
			"line 1, column 28: there is text after the end"},
		{"{\"schema\":\"oomgate.run/2\",}", "line 1, column 27: a name is missing"},
		{"{\"schema\" \"oomgate.run/2\"}", "line 1, column 11: ':' is missing"},
		{"{\"schema\":\"oomgate.run/2\" \"x\":1}",
			"line 1, column 27: ',' or '}' is missing"},
		{"{\"schema\":\"oomgate.run/2\",\"x\":}", "line 1, column 31: a value is missing"},
		{"{\"schema\":\"oomgate.run/2\",\"x\":maybe}", "not JSON: line 1"},
		{"{\"schema\":\"oomgate.run/2\",\"x\":{\"y\":}}", "not JSON: line 1"},
		{"{\"schema\":\"oomgate.run/2\",\"x\\q\":1}", "not JSON: line 1"},
		{"{\"schema\":\"oomgate.run/2\",\"seed\":1,\"seed\":2}", "'seed' appears twice"},
		{"{\"schema\":\"oomgate.run/2\",\"schema\":\"oomgate.run/2\"}",
			"'schema' appears twice"},
		{"{\"results\":[],\"results\":[]}", "'results' appears twice"},
		{"{\"results\":null,\"results\":[]}", "'results' appears twice"},
		{"{\"results\":[],\"results\":null}", "'results' appears twice"},
		{"{\"schema\":\"oomgate.run/2\",\"results\":{}}",
			"field 'results' is not an array"},
		{"{\"schema\":\"oomgate.run/2\",\"seed\":\"x\"}",
			"field 'seed' of 'run' is not a whole number"},
		{"{\"schema\":\"oomgate.run/3\",\"results\":[7]}", "schema 'oomgate.run/3' is not"},
		{IN("7"), "attempt 1 (line 2): 'result' is not a JSON object"},
		{IN(A1 ",\n{}"), "attempt 2 (line 3): field 'scenario' of 'result' is missing"},
		{IN(A1 ","), "line 2, column 86: a value is missing"},
		{IN(A1 " " A2), "',' or ']' is missing"},
		{IN("," A1), "line 2, column 12: a value is missing"},
		{IN(A1 ":"), "',' or ']' is missing"},
		{IN("{\"scenario\":\"a\\u0000b\"}"), "not JSON: line 2"},
		{IN("{\"scenario\":\"\xff\"}"), "not JSON: line 2"},
		{IN("{]"), "not JSON: line 2"},
		{IN("[}"), "not JSON: line 2"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_err err = {0};
		struct oom_run *run = read_text(rows[i].text, strlen(rows[i].text), &err);

		cr_expect_null(run, "%s", rows[i].text);
		cr_expect(strstr(err.msg, rows[i].says), "%s: %s", rows[i].text, err.msg);
		oom_run_free(run);
	}
}

Test(record_read, a_nul_is_no_end)
{
	static const char text[] = "{\"schema\":\"oomgate.run/2\"}\0";
	struct oom_err err = {0};

	cr_expect_null(read_text(text, sizeof(text) - 1, &err));
	cr_expect(strstr(err.msg, "text after the end"), "%s", err.msg);
}

/* One attempt at its bounds, and past them. */
Test(record_read, an_attempt_is_bounded)
{
	static const struct {
		const char *head, *unit, *tail, *says;
		size_t within, past;
	} rows[] = {
		{"{\"scenario\":\"x\",\"y\":[0", ",0", "]}", "more than 524288 JSON values",
			524288 - 6, 524288 - 5},
		{"{\"scenario\":\"x\",\"y\":", "[", NULL, "deeper than 64 levels", 63, 64},
		{"{\"scenario\":\"x\",\"y\":\"", "y", "\"}", "a text of more than 4194304 bytes",
			4194304, 4194305},
		{"{\"scenario\":\"x\"", " ", "}", "more than 33554432 bytes", 33554432 - 16,
			33554432 - 15},
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		size_t n = i % 2 ? rows[i / 2].past : rows[i / 2].within;
		oom_autofree char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct oom_err err = {0};
		struct oom_run *run;

		fprintf(out, "{\"schema\":\"oomgate.run/2\",\"results\":[%s", rows[i / 2].head);
		for (size_t u = 0; u < n; u++)
			fputs(rows[i / 2].unit, out);
		for (size_t u = 0; !rows[i / 2].tail && u < n; u++)
			fputc(']', out);
		fprintf(out, "%s]}", rows[i / 2].tail ? rows[i / 2].tail : "}");
		fclose(out);
		run = read_text(text, len, &err);
		cr_expect_eq(!run, i % 2 == 1, "row %zu: %s", i, err.msg);
		cr_expect(
			i % 2 == 0 || strstr(err.msg, rows[i / 2].says), "row %zu: %s", i, err.msg);
		oom_run_free(run);
	}
}

Test(record_read, a_file_that_changes_is_noticed)
{
	static const char text[] = IN(A1);
	char path[] = "/tmp/oomgate-test-XXXXXX";
	const struct oom_attempt *attempt = NULL;
	int fd = mkstemp(path);
	struct oom_run *run = NULL;
	struct oom_err err = {0};

	cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	cr_assert_eq(oom_run_load_file(path, &err, &run), 0, "%s", err.msg);
	cr_assert_eq(pwrite(fd, "[[[[[[[[", 8, 50), 8);
	cr_expect_eq(oom_run_attempt(run, 0, &attempt), -EBADMSG);
	cr_assert_eq(ftruncate(fd, 20), 0);
	cr_expect_eq(oom_run_attempt(run, 0, &attempt), -EBADMSG);
	cr_expect_null(attempt);
	close(fd);
	unlink(path);
	oom_run_free(run);
}
