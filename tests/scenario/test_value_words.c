// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/scenario/key.h"
#include "lib/scenario/signal_name.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct oom_value parsed(struct oom_arena *arena, const struct oom_key *key, const char *text)
{
	struct oom_value value;
	struct oom_err err = {0};

	cr_assert_eq(oom_value_parse(arena, key, text, &err, &value), 0, "'%s': %s", text, err.msg);
	return value;
}

static void expect_words(const struct oom_value *v, const char *joined)
{
	char got[256] = "";

	for (size_t i = 0; i < v->list.count; i++) {
		strcat(got, i ? "|" : "");
		strcat(got, v->list.items[i]);
	}
	cr_expect_str_eq(got, joined);
}

/* As systemd reads the words of a unit file: an escape that it does not know stays as it is. */
Test(value, words_know_quotes)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"  sh -c \"a \\\"b\\\" c\" '' it\\n ", "sh|-c|a \"b\" c||it\n"},
		{"a'b c'd \"\"", "ab cd|"},
		{"\\d+\\.log '\\d' \"\\w\"", "\\d+\\.log|\\d|\\w"},
		{"a\\sb \\x41 \\101 \\x4g", "a b|A|A|\\x4g"},
		{"C:\\\\dir", "C:\\dir"},
	};
	struct oom_arena arena = {0};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct oom_value v =
			parsed(&arena, &(struct oom_key){"K", OOM_T_WORDS}, rows[i].text);

		expect_words(&v, rows[i].words);
		cr_expect_eq(v.list.at[0], 0);
	}
	oom_arena_release(&arena);
}

Test(value, mistakes_have_a_place)
{
	static const struct {
		struct oom_key key;
		const char *text;
		size_t at;
	} rows[] = {
		{{"K", OOM_T_COMMAND}, "sh -c 'a", 6},
		{{"K", OOM_T_EXEC}, "/bin/a ;  bin/b", 10},
		{{"K", OOM_T_WORDS, .choices = "a|b"}, "a  c", 3},
		{{"K", OOM_T_ALTERNATIVES, .choices = "a|b"}, "a | c", 4},
		{{"K", OOM_T_RANGE_INT}, "1..2| x", 6},
		{{"K", OOM_T_WHEN}, "hog kiled", 4},
		{{"K", OOM_T_WHEN}, "hog  reached 1Q", 13},
		{{"K", OOM_T_WHEN}, "hog killed 1M", 11},
		{{"K", OOM_T_SIZE}, "x", 0},
	};
	struct oom_arena arena = {0};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct oom_err err = {0};
		struct oom_value value;

		cr_expect_lt(oom_value_parse(&arena, &rows[i].key, rows[i].text, &err, &value), 0);
		cr_expect_eq(err.at, rows[i].at, "'%s': %zu", rows[i].text, err.at);
	}
	oom_arena_release(&arena);
}

Test(value, signals_are_named_as_systemd_does)
{
	static const struct {
		const char *text, *canonical, *name;
	} rows[] = {
		{"KILL", "SIGKILL", "SIGKILL"},
		{"SIGTERM", "SIGTERM", "SIGTERM"},
		{"9", "9", "SIGKILL"},
		{"IO", "SIGPOLL", "SIGPOLL"},
		{"RTMIN", "SIGRTMIN", "SIGRTMIN"},
		{"SIGRTMIN+3", "SIGRTMIN+3", "SIGRTMIN+3"},
		{"RTMAX-1", "SIGRTMIN+29", "SIGRTMIN+29"},
		{"64", "64", "SIGRTMAX"},
		{"32", "32", "32"},
	};
	const struct oom_key one = {"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL};
	const struct oom_key many = {
		"K", OOM_T_ALTERNATIVES, .choices = "none", .flags = OOM_KEY_SIGNAL};
	struct oom_arena arena = {0};
	char name[OOM_SIGNAL_NAME_MAX];

	for (size_t i = 0; i < ROWS(rows); i++) {
		int number = 0;

		cr_expect_str_eq(parsed(&arena, &one, rows[i].text).text, rows[i].canonical);
		cr_expect_eq(oom_signal_parse(rows[i].text, &number), 0);
		cr_expect_str_eq(oom_signal_name(number, name), rows[i].name);
	}
	cr_expect_str_eq(parsed(&arena, &many, "none|KILL | 15").text, "none|SIGKILL|15");
	cr_expect_str_eq(parsed(&arena, &many, "none | 9").text, "none | 9");
	oom_arena_release(&arena);
}
