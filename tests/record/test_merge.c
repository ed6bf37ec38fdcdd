// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/merge.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 6 };

/* Kills of the log (pid@time), marks of the trace, and the pids in order; '?': where the order is open. */
static const struct {
	struct {
		int pid, time_us;
	} log[MOST], marks[MOST];
	int error_us;
	const char *order;
} rows[] = {
	/* all in both, or in one alone */
	{{{1, 100}, {2, 200}}, {{1, 90}, {2, 190}}, 10, "1 2"},
	{{{1, 100}, {2, 200}}, {{0}}, 10, "1 2"},
	{{{0}}, {{1, 90}, {2, 190}}, 10, "1 2"},
	{{{0}}, {{0}}, 10, ""},
	/* the log lost the first, the middle or the last */
	{{{2, 200}, {3, 300}}, {{1, 90}, {2, 190}, {3, 290}}, 10, "1 2 3"},
	{{{1, 100}, {3, 300}}, {{1, 90}, {2, 190}, {3, 290}}, 10, "1 2 3"},
	{{{1, 100}, {2, 200}}, {{1, 90}, {2, 190}, {3, 290}}, 10, "1 2 3"},
	/* what is in both tells the order, whatever the clocks do */
	{{{2, 900}, {3, 901}}, {{1, 90}, {2, 190}, {3, 290}}, -1, "1 2 3"},
	{{{1, 100}, {3, 101}}, {{1, 90}, {2, 91}, {3, 92}}, 1000000, "1 2 3"},
	/* the trace lost some, too: by time, as far as that tells */
	{{{2, 200}}, {{1, 90}, {3, 290}}, 10, "1 2 3"},
	{{{2, 200}}, {{1, 195}}, 10, "?1 ?2"},
	{{{2, 200}}, {{1, 189}}, 10, "1 2"},
	{{{2, 200}}, {{1, 211}}, 10, "2 1"},
	{{{2, 200}}, {{1, 205}}, -1, "?1 ?2"},
	{{{2, 200}, {3, 205}, {4, 400}}, {{1, 203}}, 10, "?1 ?2 ?3 4"},
	{{{1, 100}, {2, 200}, {3, 300}}, {{1, 90}, {9, 201}, {3, 290}}, 10, "1 ?9 ?2 3"},
	/* beyond what both have nothing is open */
	{{{1, 100}, {2, 200}}, {{1, 90}, {2, 190}, {9, 192}}, -1, "1 2 9"},
	/* a process is marked once more, and a thread's mark is its process's */
	{{{1, 100}}, {{1, 90}, {1, 95}, {2, 190}, {2, 195}}, 10, "1 2"},
	/* a line without a time */
	{{{2, -1}}, {{1, 90}}, 10, "?1 ?2"},
};

static void describe(const struct oom_attempt *attempt, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < attempt->n_kills; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s%lld", i ? " " : "",
			attempt->kills[i].order_unknown ? "?" : "",
			(long long)attempt->kills[i].victim.pid);
}

Test(merge, kills_of_log_and_trace_in_the_order_in_which_they_happened)
{
	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		struct oom_attempt *attempt = oom_attempt_new();
		struct oom_marked_kill marked[MOST] = {{0}};
		char order[128];
		size_t n = 0;

		for (size_t i = 0; i < MOST && rows[r].log[i].pid; i++) {
			struct oom_kill *kill = oom_attempt_add_kill(attempt);

			kill->line = (int64_t)i + 1;
			kill->victim.pid = rows[r].log[i].pid;
			kill->time_us = rows[r].log[i].time_us;
		}
		for (; n < MOST && rows[r].marks[n].pid; n++)
			marked[n] = (struct oom_marked_kill){.pid = rows[r].marks[n].pid,
				.time_us = rows[r].marks[n].time_us,
				.comm = "x",
				.invoker_pid = 7,
				.invoker_comm = "y"};
		cr_assert_eq(oom_kills_merge(attempt, marked, n, rows[r].error_us), 0);
		describe(attempt, order, sizeof(order));
		cr_expect_str_eq(order, rows[r].order, "row %zu: '%s' instead of '%s'", r, order,
			rows[r].order);
		for (size_t i = 0; i < attempt->n_kills; i++)
			cr_expect(attempt->kills[i].line > 0 ||
					(attempt->kills[i].invoker_pid == 7 &&
						!strcmp(attempt->kills[i].victim.comm, "x")),
				"row %zu", r);
		oom_attempt_free(attempt);
	}
}
