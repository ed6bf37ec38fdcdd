// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/err.h"
#include "lib/base/sentence.h"
#include "lib/base/utf8.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const char *filled(char c, size_t n, char *buf)
{
	memset(buf, c, n);
	buf[n] = '\0';
	return buf;
}

Test(sentence, is_what_printf_says_where_it_fits)
{
	char got[256], wanted[256];

	/* every conversion that the project uses */
#define SAME(...)                                                                                  \
	do {                                                                                       \
		errno = ENOENT;                                                                    \
		oom_sentence_format(got, sizeof(got), __VA_ARGS__);                                \
		errno = ENOENT;                                                                    \
		snprintf(wanted, sizeof(wanted), __VA_ARGS__);                                     \
		cr_expect_str_eq(got, wanted);                                                     \
	} while (0)
	SAME("%s and %.60s", "a", "b");
	SAME("%.*s|%.1s|%.0s|%5d|%-5d|%05d", 2, "abc", "xyz", "no", 7, 7, 7);
	SAME("%d %i %u %x %02x 0x%08X %o %c %%", -1, 2, 3u, 255u, 10u, 11u, 8u, 'q');
	SAME("%" PRIu64 " %" PRId64 " %zu %llu %ld %hhu", UINT64_MAX, INT64_MIN, (size_t)1, 2ULL,
		-3L, 4);
	SAME("%.1f %g %5.2f", 1.25, 0.5, 3.14159);
	SAME("cannot open: %m");
}

Test(sentence, keeps_its_end_and_the_ends_of_a_long_name)
{
	char name[301], got[101];

	filled('a', 300, name);
	name[0] = '<';
	name[299] = '>';
	oom_sentence_format(
		got, sizeof(got), "there is no '%s' here: 'oomgate list' names them", name);
	cr_expect_leq(strlen(got), 100);
	cr_expect(!strncmp(got, "there is no '<aaaa", 18), "%s", got);
	cr_expect_not_null(strstr(got, "a…a"), "%s", got);
	cr_expect_not_null(strstr(got, "a>' here: 'oomgate list' names them"), "%s", got);
	/* a precision is a bound for a name even where there is room */
	oom_sentence_format(got, sizeof(got), "no '%.12s'", "abcdefghijklmnopqrstuvwxyz");
	cr_expect_str_eq(got, "no 'abcde…wxyz'");
	oom_sentence_format(got, sizeof(got), "no '%.26s'", "abcdefghijklmnopqrstuvwxyz");
	cr_expect_str_eq(got, "no 'abcdefghijklmnopqrstuvwxyz'");
}

Test(sentence, two_long_names_share_the_room)
{
	char a[301], b[301], got[121];

	oom_sentence_format(got, sizeof(got), "'%s' is not '%s', did you mean '%s'?",
		filled('a', 300, a), filled('b', 300, b), "anon");
	cr_expect_leq(strlen(got), 120);
	cr_expect_geq(strlen(got), 110);
	cr_expect_not_null(strstr(got, "b', did you mean 'anon'?"), "%s", got);
	cr_expect_not_null(strstr(got, "a' is not 'b"), "%s", got);
}

Test(sentence, a_text_is_cut_between_its_words)
{
	char got[81];

	oom_sentence_format(got, sizeof(got), "cannot start: %s",
		"the first words of a long story that has a middle nobody needs to read at all "
		"and ends with the way out");
	cr_expect_str_eq(got,
		"cannot start: the first words of a long story … all and ends with the way out",
		"%s", got);
}

Test(sentence, that_is_long_itself_ends_behind_a_word)
{
	char got[41];

	oom_sentence_format(
		got, sizeof(got), "there is nothing in this sentence that could be shortened");
	cr_expect_str_eq(got, "there is nothing in this sentence…");
	oom_sentence_format(got, 2, "long");
	cr_expect_str_eq(got, "l");
}

/* Whatever the room: valid UTF-8, and never more than it. */
Test(sentence, no_character_is_cut)
{
	static const char *const names[] = {"ééééééééééééééééééééééééééééééééééééééééééé",
		"💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩", "a…b…c…d…e…f…g…h…i…j…k…l…m…n…o…p…q…r…s"};

	for (size_t i = 0; i < ROWS(names); i++) {
		for (size_t size = 8; size < 160; size++) {
			char *got = malloc(size);
			size_t len, n = 0;

			cr_assert_not_null(got);
			oom_sentence_format(
				got, size, "ü '%s' and '%.30s' — der Rest", names[i], names[i]);
			len = strlen(got);
			cr_expect_lt(len, size);
			while (n < len) {
				size_t step = oom_utf8_len(got + n, len - n);

				cr_assert_gt(step, 0, "%zu: '%s'", size, got);
				n += step;
			}
			free(got);
		}
	}
}

Test(sentence, an_error_keeps_its_reason)
{
	char name[1001];
	struct oom_err err;

	cr_expect_eq(
		oom_err_errno(&err, ENOENT, "cannot open '%s'", filled('x', 1000, name)), -ENOENT);
	cr_expect_not_null(strstr(err.msg, "x…x"));
	cr_expect_not_null(strstr(err.msg, "x': No such file or directory"), "%s", err.msg);
	cr_expect_eq(oom_err_set(&err, EINVAL, "'%s' is wrong: see oomgate(1)", name), -EINVAL);
	cr_expect_not_null(strstr(err.msg, "' is wrong: see oomgate(1)"), "%s", err.msg);
	cr_expect_eq(strlen(err.msg), sizeof(err.msg) - 1);
	cr_expect_eq(oom_err_set(NULL, EINVAL, "%s", name), -EINVAL);
}
