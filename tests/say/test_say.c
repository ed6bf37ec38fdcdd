// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/say/say.h"

#include "lib/base/cleanup.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

TestSuite(say, .timeout = 60);

static const char *volatile nothing;
static const char bidi[] = "\xe2\x80\xae", c1[] = "\xc2\x9b";

#define SAID(want, ...)                                                                            \
	do {                                                                                       \
		oom_autofree char *text = NULL;                                                    \
		size_t size;                                                                       \
		FILE *out = open_memstream(&text, &size);                                          \
                                                                                                   \
		cr_assert(out);                                                                    \
		oom_say(out, __VA_ARGS__);                                                         \
		cr_assert(!fclose(out));                                                           \
		cr_expect_str_eq(text, want);                                                      \
	} while (0)

/* What is ours stays, what came from elsewhere is made harmless. */
Test(say, arguments_are_harmless)
{
	SAID("ours\nand 'theirs\\n\\x1b[31m'\n", "ours\nand '%s'\n", "theirs\n\x1b[31m");
	SAID("\\r\\t\\x07\\x7f\\xff\n", "%s\n", "\r\t\x07\x7f\xff");
	SAID("a\\xc2\\x9bb\\xe2\\x80\\xaec größe\n", "a%sb%sc %s\n", c1, bidi, "größe");
	SAID("\\x23#[error]x and ## and #[\n", "%s and %s and %s\n", "##[error]x", "##", "#[");
	SAID("\\x23#vso[a] \\x23#teamcity[b] \\x3cLAVA_SIGNAL_TESTCASE x> <LAVA #\n", "%s\n",
		"##vso[a] ##teamcity[b] <LAVA_SIGNAL_TESTCASE x> <LAVA #");
	SAID("?\n", "%s\n", nothing);
	SAID("\\n-\\x1b-x\n", "%c-%c-%c\n", '\n', 27, 'x');
}

/* A line never begins with a command of theirs, whatever blanks there are before it. */
Test(say, no_argument_begins_a_command)
{
	SAID("\\x3a:error::x\n", "%s\n", "::error::x");
	SAID("  \\x3a:error::x\n", "  %s\n", "::error::x");
	SAID("first\n\\x3a:error::x\n", "first\n%s\n", "::error::x");
	SAID("  \\x3a:e::\n", "%s\n", "  ::e::");
	SAID("\xc2\xa0\\x3a:e::\n", "%s\n", "\xc2\xa0::e::");
	SAID("\\x3a:1: x\n", "%s:%u: %s\n", ":", 1U, "x");
	SAID("    \\x3a:e\n", "%*s\n", 7, "::e");
	SAID("oomgate: ::error::x\n", "oomgate: %s\n", "::error::x");
	SAID(":error\n", "%s\n", ":error");
	SAID("a::b\n", "%s\n", "a::b");
}

/* All that a printf() can do with a number, and a text. */
Test(say, formats_are_those_of_printf)
{
	char want[256];

	snprintf(want, sizeof(want), "%d|%5d|%-5d|%05d|%+d|%u|%x|%#x|%c", -7, 42, 42, 42, 42,
		UINT_MAX, 255, 255, 'c');
	SAID(want, "%d|%5d|%-5d|%05d|%+d|%u|%x|%#x|%c", -7, 42, 42, 42, 42, UINT_MAX, 255, 255,
		'c');
	snprintf(want, sizeof(want), "%ld|%lld|%zu|%" PRId64 "|%" PRIu64 "|%jd|%hhu", LONG_MIN,
		LLONG_MAX, SIZE_MAX, INT64_MIN, UINT64_MAX, (intmax_t)5, (unsigned char)200);
	SAID(want, "%ld|%lld|%zu|%" PRId64 "|%" PRIu64 "|%jd|%hhu", LONG_MIN, LLONG_MAX, SIZE_MAX,
		INT64_MIN, UINT64_MAX, (intmax_t)5, (unsigned char)200);
	snprintf(want, sizeof(want), "%.3f|%8.2f|%g|%*d|%-*d|%%", 1.5, 2.25, 0.1, 6, 9, 6, 9);
	SAID(want, "%.3f|%8.2f|%g|%*d|%-*d|%%", 1.5, 2.25, 0.1, 6, 9, 6, 9);
	SAID("[  ab][ab  ][ab][abc]", "[%4s][%-4s][%.2s][%.*s]", "ab", "ab", "abc", 3, "abcdef");
	SAID("[\\n   ][ größe]", "[%-5s][%6s]", "\n", "größe"); /* columns, not bytes */
}

/* Longer than any message, and than what is kept for one write. */
Test(say, has_no_longest_argument)
{
	static char esc[20001], text[100 * 1024];
	oom_autofree char *said = NULL;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	memset(esc, 27, sizeof(esc) - 1);
	memset(text, 'x', sizeof(text) - 1);
	oom_say(out, "%s|%s\n", esc, text);
	cr_assert(!fclose(out));
	cr_assert_eq(size, 4 * (sizeof(esc) - 1) + 1 + sizeof(text) - 1 + 1);
	cr_expect(!memchr(said, 27, size));
	cr_expect(!strncmp(said, "\\x1b\\x1b", 8));
	cr_expect_eq(said[size - 1], '\n');
}

Test(say, a_message_is_one_write)
{
	char buf[256];
	FILE *out;
	int fds[2];

	/* a packet pipe keeps writes apart */
	cr_assert(!pipe2(fds, O_DIRECT | O_CLOEXEC));
	out = fdopen(fds[1], "w");
	cr_assert(out);
	setvbuf(out, NULL, _IONBF, 0);
	oom_say(out, "%s:%u:%u: %s\n", "a\nb", 1U, 2U, "wrong");
	cr_expect_eq(read(fds[0], buf, sizeof(buf)), (ssize_t)strlen("a\\nb:1:2: wrong\n"));
	cr_assert(!fclose(out));
	close(fds[0]);
}

static void text_of(void (*print)(FILE *out, const char *text), const char *text, const char *want)
{
	oom_autofree char *said = NULL;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	cr_assert(out);
	print(out, text);
	cr_assert(!fclose(out));
	cr_expect_str_eq(said, want);
}

/* In one piece, and a byte at a time. */
static void in_pieces(FILE *out, const char *text, size_t piece, bool commands)
{
	struct oom_say_report report = {.out = out, .commands = commands, .at_start = true};
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += piece)
		oom_say_report(&report, text + i, len - i < piece ? len - i : piece);
	oom_say_report(&report, NULL, 0);
}

static void report(FILE *out, const char *text)
{
	in_pieces(out, text, strlen(text) + 1, false);
}

static void report_by_bytes(FILE *out, const char *text)
{
	in_pieces(out, text, 1, false);
}

static void commands(FILE *out, const char *text)
{
	in_pieces(out, text, strlen(text) + 1, true);
}

Test(say, lines_keep_their_feeds)
{
	text_of(oom_say_lines, "a\tb\n\x1b\xe2\x80\xae\n::x\n\nend",
		"a\tb\n\\x1b\\xe2\\x80\\xae\n\\x3a:x\n\nend");
	text_of(oom_say_lines, "", "");
}

Test(say, a_report_is_kept_but_for_commands)
{
	text_of(report, "a\n::error::x\n  ::b\n\033[1mc::d\n:e\n",
		"a\n\\x3a:error::x\n  \\x3a:b\n\033[1mc::d\n:e\n");
	text_of(report_by_bytes, "a\n::error::x\n  ::b\n\033[1mc::d\n:e\n",
		"a\n\\x3a:error::x\n  \\x3a:b\n\033[1mc::d\n:e\n");
	text_of(report_by_bytes, "x\n:", "x\n:");
	text_of(report_by_bytes, ":::", "\\x3a::");
	text_of(report, ":::", "\\x3a::");
	text_of(report, "::x", "\\x3a:x");
	text_of(commands, "a\n::error::x\n", "a\n::error::x\n");
}

Test(say, cells_are_harmless)
{
	struct libscols_table *table = scols_new_table();
	struct libscols_line *line = scols_table_new_line(table, NULL);

	cr_assert(oom_say_column(table, "A", 0) && oom_say_column(table, "B", 0) &&
		oom_say_column(table, "C", 0));
	cr_assert(!oom_say_cell(line, 0, "::x\n\x1b"));
	cr_assert(!oom_say_number(line, 1, INT64_MIN, true));
	cr_assert(!oom_say_number(line, 2, 5, false));
	cr_expect_str_eq(scols_cell_get_data(scols_line_get_cell(line, 0)), "\\x3a:x\\n\\x1b");
	cr_expect_str_eq(scols_cell_get_data(scols_line_get_cell(line, 1)), "-9223372036854775808");
	cr_expect_str_eq(scols_cell_get_data(scols_line_get_cell(line, 2)), "-");
	cr_assert(!oom_say_cell(line, 0, NULL));
	scols_unref_table(table);
}

/* Words keep their values; only what is said of them is made harmless. */
static error_t keep(int key, char *arg, struct argp_state *state)
{
	const char **kept = state->input;

	if (key == 'o')
		kept[0] = arg;
	else if (key == ARGP_KEY_ARG)
		kept[1] = arg;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

Test(say, words_come_as_they_are)
{
	static const struct argp_option options[] = {{"output", 'o', "DIR", 0, NULL, 0}, {0}};
	static const struct argp argp = {.options = options, .parser = keep};
	char name[] = "test", word[] = "a\n\x1b", option[] = "--output=\xff\n", last[] = "-o-\n";
	char *long_form[] = {name, word, option, NULL}, *short_form[] = {name, last, word, NULL};
	const char *kept[2] = {NULL, NULL};

	cr_assert(!oom_say_parse(&argp, 3, long_form, kept));
	cr_expect_str_eq(kept[0], "\xff\n");
	cr_expect_eq(kept[1], word);
	cr_assert(!oom_say_parse(&argp, 3, short_form, kept));
	cr_expect_str_eq(kept[0], "-\n");
	cr_expect_eq(kept[1], word);
}
