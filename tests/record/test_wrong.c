// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(record_wrong, wrong_json_is_refused_by_name)
{
	static const struct {
		const char *json, *message; /* NULL: it is taken */
	} rows[] = {
		{"{\"scenario\":\"x\"}", NULL},
		{"{\"scenario\":\"x\",\"of_tomorrow\":[1]}", NULL},
		{"{\"scenario\":\"x\",\"units\":null,\"tags\":null,\"timing\":null}", NULL},
		{"[]", "'result' is not a JSON object"},
		{"{}", "field 'scenario' of 'result' is missing"},
		{"{\"scenario\":7}", "field 'scenario' of 'result' is not a string"},
		{"{\"scenario\":\"x\",\"attempt\":\"1\"}", "'attempt' of 'result' is not a whole"},
		{"{\"scenario\":\"x\",\"attempt\":1.5}", "'attempt' of 'result' is not a whole"},
		{"{\"scenario\":\"x\",\"verdict\":\"good\"}", "is not a verdict"},
		{"{\"scenario\":\"x\",\"panicked\":0}", "'panicked' of 'x' is not true or false"},
		{"{\"scenario\":\"x\",\"tags\":[1]}", "'tags' has an element that is not a string"},
		{"{\"scenario\":\"x\",\"tags\":{}}", "field 'tags' is not an array"},
		{"{\"scenario\":\"x\",\"timing\":[]}", "field 'timing' is not an object"},
		{"{\"scenario\":\"x\",\"workloads\":[]}", "field 'workloads' is not an object"},
		{"{\"scenario\":\"x\",\"workloads\":{\"hog\":7}}", "'hog' is not a JSON object"},
		{"{\"scenario\":\"x\",\"workloads\":{\"hog\":{\"end\":\"well\"}}}",
			"'end' of 'hog' is not an end's name"},
		{"{\"scenario\":\"x\",\"workloads\":{\"hog\":{\"killed_by\":\"me\"}}}",
			"'killed_by' of 'hog' is not a killer's name"},
		{"{\"scenario\":\"x\",\"units\":{\"box\":{\"memory_events\":{\"oom\":null}}}}",
			"'oom' of 'memory_events' is not a whole number"},
		{"{\"scenario\":\"x\",\"sources\":[{\"state\":\"gone\"}]}", "a source's state"},
		{"{\"scenario\":\"x\",\"inputs\":[]}", "field 'inputs' is not an object"},
		{"{\"scenario\":\"x\",\"inputs\":{\"seed\":7}}",
			"'inputs' has a member 'seed' that is not a string"},
		{"{\"scenario\":\"x\",\"kills\":[7]}", "'kills' has an element that is not a kill"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *json = json_loads(rows[i].json, 0, NULL);
		struct oom_attempt *attempt = NULL;
		struct oom_err err = {0};
		int r = oom_attempt_from_json(json, &err, &attempt);

		cr_expect_eq(
			r, rows[i].message ? -EBADMSG : 0, "%s: %d %s", rows[i].json, r, err.msg);
		cr_expect(!rows[i].message || strstr(err.msg, rows[i].message), "%s: %s",
			rows[i].json, err.msg);
		cr_expect(!attempt == !!rows[i].message);
		oom_attempt_free(attempt);
		json_decref(json);
	}
}

Test(record_wrong, a_folder_without_a_run_is_a_sentence)
{
	static const struct {
		const char *text; /* NULL: no file */
		int code;
		const char *message;
	} rows[] = {
		{NULL, ENOENT, "run.json': No such file"},
		{"{\"schema\":", EBADMSG, "is not JSON: line 1"},
		{"{}", EBADMSG, "schema '' is not 'oomgate.run/2' or an older one"},
		{"{\"schema\":\"oomgate.run/9\"}", EBADMSG, "schema 'oomgate.run/9' is not"},
		{"{\"schema\":\"oomgate.run/2\",\"machines\":[3]}", EBADMSG, "is not a machine"},
		{"{\"schema\":\"oomgate.run/2\",\"results\":[{}]}", EBADMSG, "'scenario'"},
		{"{\"schema\":\"oomgate.run/2\"}", 0, ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char dir[] = "/tmp/oomgate-test-XXXXXX", path[64];
		struct oom_run *run = NULL;
		struct oom_err err = {0};
		int r;

		cr_assert(mkdtemp(dir));
		snprintf(path, sizeof(path), "%s/run.json", dir);
		if (rows[i].text) {
			FILE *file = fopen(path, "w");

			fputs(rows[i].text, file);
			fclose(file);
		}
		r = oom_run_load(dir, &err, &run);
		cr_expect_eq(r, -rows[i].code, "row %zu: %s", i, err.msg);
		cr_expect(strstr(err.msg, rows[i].message), "row %zu: %s", i, err.msg);
		cr_expect(!run == !!rows[i].code);
		oom_run_free(run);
		unlink(path);
		rmdir(dir);
	}
}
