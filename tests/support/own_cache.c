// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/own_cache.h"

#include "harness/guest/cache/cache.h"
#include "harness/host/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

char test_cache_dir[64];
const char *test_cache;
struct oom_arena test_cache_arena;

void test_cache_open(void)
{
	struct oom_err err;

	snprintf(test_cache_dir, sizeof(test_cache_dir), "/tmp/oomgate-test-XXXXXX");
	cr_assert_not_null(mkdtemp(test_cache_dir));
	setenv("OOMGATE_CACHE", test_cache_dir, 1);
	cr_assert_eq(oom_cache_open(&test_cache_arena, &err, &test_cache), 0, "%s", err.msg);
}

void test_cache_close(void)
{
	oom_tree_remove(test_cache_dir);
	oom_arena_release(&test_cache_arena);
}
