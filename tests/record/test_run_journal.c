// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines of a run's journal, as --resume reads them. */
#include "lib/record/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(run_journal, a_line_is_read_whole_or_not_at_all)
{
	static const struct {
		const char *line;
		size_t len; /* 0: all of it */
		int r;
	} rows[] = {
		{"{\"scenario\":\"a/b\"}\n", 0, 0},
		{"{\"scenario\":\"a/b\"}", 0, 0},
		{"", 0, -EBADMSG},
		{"\n", 0, -EBADMSG},
		{"{\"scenario\":\"a/b\"", 0, -EBADMSG},
		{"{\"scenario\":\"a/b\"}}", 0, -EBADMSG},
		{"{\"scenario\":null}", 0, -EBADMSG},
		{"[]", 0, -EBADMSG},
		/* zeros, as a file system may leave them behind a crash, and what a later run wrote behind them */
		{"{\"scenario\":\"a/b\"}\0\0\0\0", 22, -EBADMSG},
		{"{\"scenario\":\"a/b\"}\0{\"scenario\":\"c\"}\n", 36, -EBADMSG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = NULL;
		struct oom_err err = {0};
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].line);
		int r = oom_attempt_parse(rows[i].line, len, &err, &attempt);

		cr_expect_eq(r, rows[i].r, "row %zu: %s", i, err.msg);
		cr_expect_eq(!*err.msg, !r, "row %zu", i);
		cr_expect_eq(!attempt, r < 0, "row %zu", i);
		oom_attempt_free(attempt);
	}
}
