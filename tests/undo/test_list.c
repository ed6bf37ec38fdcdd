// SPDX-License-Identifier: LGPL-2.1-or-later
/* An undo list as text: what is read of one that was left behind, and what is not. */
#include "harness/undo/kind.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define FIRST "oomgate-undo 1 42 7 boot-id\n"

Test(undo_list, lines_are_read_one_by_one)
{
	static const struct {
		const char *text;
		int r;
		unsigned count;
		const char *last; /* first argument of the last entry */
	} rows[] = {
		{FIRST, 0, 0, NULL},
		{FIRST "tree /run/oomgate/a\nfile /tmp/b\\x20c\n", 0, 2, "/tmp/b c"},
		{FIRST "process 12 345\n", 0, 1, "12"},
		/* never finished */
		{FIRST "tree /run/oomgate/a\ntree /run/oomg", 0, 1, "/run/oomgate/a"},
		/* one that is none does not keep the others */
		{FIRST "tree\ntree /a\n", -EBADMSG, 1, "/a"},
		{FIRST "tree  /a\ntree /a /b\ntree /a\\\ntree /c\n", -EBADMSG, 1, "/c"},
		{FIRST "something /a\ntree /b\n", -ENOTSUP, 1, "/b"},
		{FIRST "\n", -ENOTSUP, 0, NULL},
		/* the first line is one line, and all of it */
		{"", -EBADMSG, 0, NULL},
		{"tree /a\n", -EBADMSG, 0, NULL},
		{"oomgate-undo 1 42 7 boot-id", -EBADMSG, 0, NULL},
		{"oomgate-undo 1 42 7\nboot-id\ntree /a\n", -EBADMSG, 0, NULL},
		{"oomgate-undo 1\n42\n7\ntree /a\ntree /b\n", -EBADMSG, 0, NULL},
		{"oomgate-undo 1 42 7 boot-id more\ntree /a\n", -EBADMSG, 0, NULL},
		{"oomgate-undo 1 42 7 1234567890123456789012345678901234567890\ntree /a\n",
			-EBADMSG, 0, NULL},
		{"oomgate-undo 1 42 7boot-id\ntree /a\n", -EBADMSG, 0, NULL},
		{"oomgate-undo 1  42 +7 boot-id\ntree /a\n", -EBADMSG, 0, NULL},
		{"oomgate-undo 2 42 7 boot-id\ntree /a\n", -EBADMSG, 0, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_undo_entries list = {0};
		char boot[40] = "untouched";
		int r = oom_undo_list_parse(rows[i].text, strlen(rows[i].text), boot, &list);

		cr_expect_eq(r, rows[i].r, "row %zu: %d", i, r);
		cr_assert_eq(list.count, rows[i].count, "row %zu: %u", i, list.count);
		cr_expect_str_eq(boot,
			strncmp(rows[i].text, FIRST, strlen(FIRST)) ? "untouched" : "boot-id",
			"row %zu", i);
		if (list.count)
			cr_expect_str_eq(
				list.items[list.count - 1].args[0], rows[i].last, "row %zu", i);
		oom_undo_entries_drop(&list, 0);
	}
}

Test(undo_list, a_nul_ends_no_line)
{
	static const char text[] = FIRST "tree /a\0b\ntree /c\n",
			  first[] = "oomgate-undo 1 42 7 boot\0id\n";
	struct oom_undo_entries list = {0};
	char boot[40] = "untouched";

	cr_expect_eq(oom_undo_list_parse(first, sizeof(first) - 1, boot, &list), -EBADMSG);
	cr_expect_str_eq(boot, "untouched");
	cr_expect_eq(oom_undo_list_parse(text, sizeof(text) - 1, boot, &list), -EBADMSG);
	cr_assert_eq(list.count, 1);
	cr_expect_str_eq(list.items[0].args[0], "/c");
	oom_undo_entries_drop(&list, 0);
}
