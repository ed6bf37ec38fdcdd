// SPDX-License-Identifier: LGPL-2.1-or-later
/* Of what a record does not say, and of texts that are no UTF-8. */
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static json_t *through_text(json_t *json_taken)
{
	char *text = json_dumps(json_taken, 0);
	json_t *copy = json_loads(text, 0, NULL);

	cr_assert_not_null(copy);
	free(text);
	json_decref(json_taken);
	return copy;
}

Test(record_text, what_was_not_observed_is_null_and_comes_back_so)
{
	struct oom_attempt *attempt = oom_attempt_new(), *copy = NULL;
	json_t *json, *again, *hog;

	attempt->scenario = "x";
	oom_attempt_add_workload(attempt)->name = "hog";
	oom_attempt_add_unit(attempt)->name = "box";
	oom_attempt_add_kill(attempt)->victim.pid = 1;
	oom_attempt_add_signal(attempt);
	oom_attempt_add_source(attempt);
	json = through_text(oom_attempt_to_json(attempt));
	hog = json_object_get(json_object_get(json, "workloads"), "hog");
	cr_expect(json_is_null(json_object_get(hog, "exit_code")));
	cr_expect(json_is_null(json_object_get(hog, "type")));
	cr_expect(json_is_null(json_object_get(json, "oom_kills")));
	cr_expect_str_eq(json_string_value(json_object_get(json, "verdict")), "broken");
	cr_assert_eq(oom_attempt_from_json(json, NULL, &copy), 0);
	cr_expect_eq(copy->workloads[0].exit_code, -1);
	cr_expect_null(copy->workloads[0].type);
	cr_expect_eq(copy->units[0].memory_max_bytes, -1);
	cr_expect_null(copy->kills[0].workload);
	cr_expect_eq(copy->oom_kills, -1);
	again = oom_attempt_to_json(copy);
	cr_expect(json_equal(json, again));
	json_decref(json);
	json_decref(again);
	oom_attempt_free(attempt);
	oom_attempt_free(copy);
}

Test(record_text, text_of_any_bytes)
{
	struct oom_attempt *attempt = oom_attempt_new(), *copy = NULL;
	json_t *json;

	attempt->scenario = "x";
	attempt->reason = "caf\xc3\xa9";
	attempt->title = "caf\xe9 \n";
	oom_attempt_add_workload(attempt)->name = "h\xff";
	json = through_text(oom_attempt_to_json(attempt));
	cr_assert_eq(oom_attempt_from_json(json, NULL, &copy), 0);
	cr_expect_str_eq(copy->reason, "caf\xc3\xa9");
	cr_expect_str_eq(copy->title, "caf\\xe9 \n");
	cr_expect_str_eq(copy->workloads[0].name, "h\\xff");
	json_decref(json);
	oom_attempt_free(attempt);
	oom_attempt_free(copy);
}
