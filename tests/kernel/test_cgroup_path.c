// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/cgroup_path.h"

#include <criterion/criterion.h>

Test(cgroup_path, who_is_within_whom)
{
	static const struct {
		const char *path, *top;
		bool within;
	} rows[] = {{"/a", "/a", true}, {"/a/b", "/a", true}, {"/a/b/c", "/a", true},
		{"/a", "/a/b", false}, {"/ab", "/a", false}, {"/b/a", "/a", false},
		{"/a", "", true}, {NULL, "/a", false}, {"/a", NULL, false}, {NULL, NULL, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(oom_cgroup_is_within(rows[i].path, rows[i].top), rows[i].within,
			"row %zu", i);
}
