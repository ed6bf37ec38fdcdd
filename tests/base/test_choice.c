// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/choice.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(choice, each_name_is_told_once)
{
	static const char *const names[] = {"debian:bookworm", "debian:bookworm", "debian:trixie",
		"debian:bookworm", "debian:trixie"};
	struct oom_err err = {0};

	cr_expect_eq(oom_choice_unknown(&err, "image", "fedora", names, 5), -EINVAL);
	cr_expect_str_eq(
		err.msg, "unknown image 'fedora', expected one of debian:bookworm, debian:trixie");
	oom_choice_unknown(&err, "image", "fedora", names, 2);
	cr_expect_str_eq(err.msg, "unknown image 'fedora', expected debian:bookworm");
	oom_choice_unknown(&err, "image", "fedora", names, 0);
	cr_expect_str_eq(err.msg, "unknown image 'fedora': there are no images");
	oom_choice_unknown(&err, "image", "debian:tricksie", names, 5);
	cr_expect_str_eq(err.msg, "unknown image 'debian:tricksie', did you mean 'debian:trixie'?");
}

Test(choice, a_list_that_is_too_long_says_how_many_more_there_are)
{
	static const char *const names[] = {"one-of-some-thirty-bytes-or-so-1",
		"one-of-some-thirty-bytes-or-so-2", "one-of-some-thirty-bytes-or-so-3",
		"one-of-some-thirty-bytes-or-so-4", "one-of-some-thirty-bytes-or-so-5",
		"one-of-some-thirty-bytes-or-so-6", "one-of-some-thirty-bytes-or-so-6"};
	struct oom_err err = {0};

	oom_choice_unknown(&err, "thing", "x", names, 7);
	cr_expect_str_eq(err.msg,
		"unknown thing 'x', expected one of one-of-some-thirty-bytes-or-so-1, "
		"one-of-some-thirty-bytes-or-so-2, one-of-some-thirty-bytes-or-so-3, "
		"one-of-some-thirty-bytes-or-so-4, and 2 more");
}
