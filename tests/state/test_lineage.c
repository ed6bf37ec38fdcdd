// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/lineage.h"

#include <criterion/criterion.h>
#include <errno.h>

/* 100 forks 101, which forks 102 and has a thread 103; 101 ends, and its number is given to a child of 200. */
static struct oom_fork forks[] = {
	{50, 102, 102, 101},
	{10, 101, 101, 100},
	{60, 103, 101, 101},
	{90, 101, 101, 200},
};

static struct oom_lineage lineage = {.forks = forks, .n_forks = 4};

Test(lineage, a_number_is_another_process_at_another_time)
{
	oom_lineage_sort(&lineage);
	cr_expect_null(oom_lineage_fork(&lineage, 101, 9));
	cr_expect_eq(oom_lineage_fork(&lineage, 101, 10)->parent, 100);
	cr_expect_eq(oom_lineage_fork(&lineage, 101, 89)->parent, 100);
	cr_expect_eq(oom_lineage_fork(&lineage, 101, 90)->parent, 200);
	cr_expect_eq(oom_lineage_fork(&lineage, 101, UINT64_MAX)->parent, 200);
	cr_expect_null(oom_lineage_fork(&lineage, 100, UINT64_MAX));
	cr_expect_null(oom_lineage_fork(&lineage, 104, UINT64_MAX));
	lineage.n_forks = 0;
	cr_expect_null(oom_lineage_fork(&lineage, 101, UINT64_MAX));
}

static void expect_chain(int tid, uint64_t time_us, const int *parents, int end)
{
	struct oom_ancestry at = {.tid = tid, .time_us = time_us};
	int r;

	while ((r = oom_lineage_next(&lineage, &at)) > 0) {
		cr_assert(*parents, "%d at %d: one more, %d", tid, (int)time_us, at.fork->parent);
		cr_expect_eq(at.fork->parent, *parents, "%d at %d", tid, (int)time_us);
		parents++;
	}
	cr_expect_eq(*parents, 0, "%d at %d: %d is missing", tid, (int)time_us, *parents);
	cr_expect_eq(r, end, "%d at %d", tid, (int)time_us);
}

Test(lineage, ancestors)
{
	oom_lineage_sort(&lineage);
	expect_chain(102, 55, (const int[]){101, 100, 0}, 0);
	expect_chain(102, 500, (const int[]){101, 100, 0}, 0); /* its parent was the first 101 */
	expect_chain(101, 95, (const int[]){200, 0}, 0);
	expect_chain(103, 95, (const int[]){101, 100, 0}, 0); /* a thread, of the first 101 */
	expect_chain(7, 95, (const int[]){0}, 0); /* it was there before */
}

/* Behind a loss all is known again; before it any number may have been given to another. */
Test(lineage, what_was_lost_is_not_known)
{
	oom_lineage_sort(&lineage);
	lineage.lost_us = 40;
	expect_chain(101, 95, (const int[]){200, 0}, -ENODATA);
	expect_chain(102, 55, (const int[]){101, 0}, -ENODATA);
	expect_chain(7, 95, (const int[]){0}, -ENODATA);
}
