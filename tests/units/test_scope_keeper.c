// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/process.h"
#include "harness/units/scope_keeper.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void set_up(void)
{
	char path[PATH_MAX];

	cr_assert_not_null(getcwd(path, sizeof(path) - 8));
	setenv("OOMGATE_LIBEXEC", strcat(path, "/build"), 0);
}

TestSuite(scope_keeper, .init = set_up, .timeout = 60);

static char state_of(pid_t pid)
{
	uint64_t start;
	char state = '?';

	oom_process_stat(pid, &state, &start);
	return state;
}

/* A guest is saved behind that: what a keeper has yet to do would be done in each guest that is restored. */
Test(scope_keeper, one_that_was_prepared_sleeps_and_is_the_first_that_is_wanted)
{
	struct scope_ctx ctx = {0};
	struct scope_unit first = {.keeper_pidfd = -1}, second = {.keeper_pidfd = -1};
	struct oom_err err = {0};

	cr_assert_eq(oom_scope_keeper_prepare(&err), 0, "%s", err.msg);
	cr_assert_eq(oom_scope_keeper_prepare(&err), 0, "once is enough: %s", err.msg);
	cr_assert_eq(oom_scope_keeper_start(&ctx, &first, &err), 0, "%s", err.msg);
	/* it has closed its output, and goes to sleep behind that */
	for (int i = 0; i < 2000 && state_of(first.keeper) != 'S'; i++)
		poll(NULL, 0, 1);
	cr_expect_eq(state_of(first.keeper), 'S');
	cr_assert_eq(oom_scope_keeper_start(&ctx, &second, &err), 0, "%s", err.msg);
	cr_expect_neq(second.keeper, first.keeper);
	cr_expect_gt(second.keeper, first.keeper, "it was started later");
	oom_scope_keeper_end(&first);
	oom_scope_keeper_end(&second);
	cr_expect_eq(first.keeper, 0);
	cr_expect_eq(second.keeper_pidfd, -1);
}
