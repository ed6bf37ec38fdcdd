// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include <criterion/criterion.h>

/* Before own deaths and descendants were kept apart, and disputes named facts. */
Test(record_old, own_deaths_and_facts)
{
	static const char text[] =
		"{\"scenario\":\"x\",\"workloads\":{"
		"\"hog\":{\"end\":\"signalled\",\"pid\":41,\"signal\":9,\"kills\":2,"
		"\"killed_by\":\"kernel-memcg\"},"
		"\"sh\":{\"end\":\"exited\",\"pid\":42,\"kills\":3,\"killed_by\":\"kernel-global\"}},"
		"\"kills\":[{\"killer\":\"kernel-memcg\",\"constraint\":\"memcg\",\"workload\":\"hog\","
		"\"victim\":{\"pid\":41}}],"
		"\"disputes\":[{\"subject\":\"hog\",\"key\":\"KilledBy\"},"
		"{\"subject\":\"\",\"key\":\"OOMKills\"},{\"subject\":\"\",\"key\":\"Odd\"}]}";
	struct oom_attempt *copy = NULL;
	struct oom_err err = {0};
	json_t *json = json_loads(text, 0, NULL);

	cr_assert_eq(oom_attempt_from_json(json, &err, &copy), 0, "%s", err.msg);
	cr_expect_eq(copy->workloads[0].own_killer, OOM_KILLER_KERNEL_MEMCG);
	cr_expect_eq(copy->workloads[0].descendants_killer, OOM_KILLER_NOBODY);
	cr_expect_eq(copy->workloads[0].descendants_killed, -1);
	cr_expect_eq(copy->workloads[1].own_killer, OOM_KILLER_NOBODY);
	cr_expect_eq(copy->workloads[1].descendants_killer, OOM_KILLER_KERNEL_GLOBAL);
	cr_expect_eq(copy->workloads[1].descendants_killed, 3);
	cr_expect(oom_kill_is_own(&copy->kills[0], &copy->workloads[0]), "by its pid");
	cr_expect_str_eq(copy->disputes[0].fact, "killer");
	cr_expect_str_eq(copy->disputes[1].fact, "count");
	cr_expect_str_eq(copy->disputes[2].fact, "victim");
	json_decref(json);
	oom_attempt_free(copy);
}
