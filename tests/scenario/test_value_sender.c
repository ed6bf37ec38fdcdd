// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/scenario/key.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct oom_key key = {
	"K", OOM_T_ALTERNATIVES, .choices = "signal|nobody", .flags = OOM_KEY_SENDER};

Test(value_sender, any_program)
{
	struct oom_arena arena = {0};
	struct oom_value value;
	struct oom_err err = {0};

	cr_assert_eq(
		oom_value_parse(&arena, &key,
			"signal | unit:oomd.service|unit:box|exe:/usr/bin/oom:d", &err, &value),
		0, "%s", err.msg);
	cr_assert_eq(value.list.count, 4);
	cr_expect_str_eq(value.list.items[1], "unit:oomd.service");
	cr_expect_str_eq(value.list.items[2], "unit:box");
	cr_expect_str_eq(value.list.items[3], "exe:/usr/bin/oom:d");
	oom_arena_release(&arena);
}

Test(value_sender, mistakes)
{
	static const struct {
		const char *text, *message;
		size_t at;
	} rows[] = {
		{"sigal", "'sigal' is not one of signal|nobody, did you mean 'signal'?", 0},
		{"signal|unit:", "'' is not the name of a unit (unit:oomd.service)", 7},
		{"unit:a b.service", "'a b.service' is not the name of a unit (unit:oomd.service)",
			0},
		{"unit:/a.service", "'/a.service' is not the name of a unit (unit:oomd.service)",
			0},
		{"exe:oomd", "'oomd' is not the absolute path of a program (exe:/usr/bin/oomd)", 0},
		{"nobody | exe:/usr/bin/../oomd",
			"'/usr/bin/../oomd' is not the absolute path of a program (exe:/usr/bin/oomd)",
			9},
		{"exe:/bin/", "'/bin/' is not the absolute path of a program (exe:/usr/bin/oomd)",
			0},
	};
	struct oom_key plain = key;
	struct oom_arena arena = {0};
	struct oom_value value;
	struct oom_err err = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(oom_value_parse(&arena, &key, rows[i].text, &err, &value), -EINVAL);
		cr_expect_str_eq(err.msg, rows[i].message);
		cr_expect_eq(err.at, rows[i].at, "%s: at %zu", rows[i].text, err.at);
	}
	/* only where the key says so */
	plain.flags = 0;
	cr_expect_eq(oom_value_parse(&arena, &plain, "exe:/bin/a", &err, &value), -EINVAL);
	cr_expect_str_eq(err.msg, "'exe:/bin/a' is not one of signal|nobody");
	oom_arena_release(&arena);
}
