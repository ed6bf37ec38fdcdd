// SPDX-License-Identifier: LGPL-2.1-or-later
/* Words that go with numbers. Sizes and durations: tests/scenario/test_value.c. */
#include "lib/base/format.h"

#include <criterion/criterion.h>

Test(format, one_and_many)
{
	static const struct {
		uint64_t count;
		const char *word;
	} rows[] = {{0, "lines"}, {1, "line"}, {2, "lines"}, {11, "lines"}, {UINT64_MAX, "lines"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(
			oom_plural(rows[i].count, "line", "lines"), rows[i].word, "row %zu", i);
}
