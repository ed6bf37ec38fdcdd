// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/format.h"
#include "lib/base/nearest.h"
#include "lib/scenario/key.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

Test(value, sizes)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} rows[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"1B", 0, 1},
		{"64M", 0, 64ULL << 20},
		{"1.5G", 0, 3ULL << 29},
		{"0.5K", 0, 512},
		{"1.3M", 0, 1363148},
		{"7E", 0, 7ULL << 60},
		{"8E", -ERANGE},
		{"99999999999999999999", -ERANGE},
		{"64Q", -EINVAL},
		{"64m", -EINVAL},
		{"64MB", -EINVAL},
		{"64 M", -EINVAL},
		{"", -EINVAL},
		{" 1", -EINVAL},
		{"-1", -EINVAL},
		{"+1", -EINVAL},
		{"0x10", -EINVAL},
		{"1.", -EINVAL},
		{".5M", -EINVAL},
		{"1.5", -EINVAL},
		{"1,5G", -EINVAL},
		{"M", -EINVAL},
		{"infinity", -EINVAL},
		{"1.0000000001G", -ERANGE},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct oom_size size = {.bytes = 77};
		int r = oom_parse_size(rows[i].text, &size);

		cr_expect_eq(r, rows[i].r, "'%s': %d", rows[i].text, r);
		cr_expect_eq(size.bytes, rows[i].r ? 77 : rows[i].bytes, "'%s': %" PRIu64,
			rows[i].text, size.bytes);
	}
}

Test(value, percentages_are_sizes_of_something)
{
	struct oom_size size;

	cr_assert_eq(oom_parse_size("12.5%", &size), 0);
	cr_assert(size.is_percent);
	cr_assert_eq(oom_size_bytes(&size, 800), 100);
	cr_assert_eq(oom_parse_size("%", &size), -EINVAL);
	cr_assert_eq(oom_parse_size("50%%", &size), -EINVAL);
	cr_assert_eq(oom_parse_size("4K", &size), 0);
	cr_assert_eq(oom_size_bytes(&size, 800), 4096);
}

Test(value, durations)
{
	static const struct {
		const char *text;
		int r;
		uint64_t usec;
	} rows[] = {
		{"0", 0, 0},
		{"2", 0, 2000000},
		{"2s", 0, 2000000},
		{"250ms", 0, 250000},
		{"1min 30s", 0, 90000000},
		{"1min30s", 0, 90000000},
		{"1 min", 0, 60000000},
		{"1.5s", 0, 1500000},
		{"3us", 0, 3},
		{"1h", 0, 3600000000},
		{"2 d", 0, 172800000000},
		{" 5s ", 0, 5000000},
		{"1min 30", 0, 90000000},
		{"1y", 0, 31557600000000},
		{"", -EINVAL},
		{"s", -EINVAL},
		{"5 parsecs", -EINVAL},
		{"-2s", -EINVAL},
		{"2s-", -EINVAL},
		{"5ss", -EINVAL},
		{"forever", -EINVAL},
		{"999999999y", -ERANGE},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t usec = 77;
		int r = oom_parse_duration(rows[i].text, &usec);

		cr_expect_eq(r, rows[i].r, "'%s': %d", rows[i].text, r);
		cr_expect_eq(
			usec, rows[i].r ? 77 : rows[i].usec, "'%s': %" PRIu64, rows[i].text, usec);
	}
}

Test(value, whole_numbers)
{
	static const struct {
		const char *text;
		int r;
		int64_t number;
	} rows[] = {
		{"0", 0, 0},
		{"-1000", 0, -1000},
		{"+5", 0, 5},
		{"007", 0, 7},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE},
		{"99999999999999999999999", -ERANGE},
		{"12abc", -EINVAL},
		{"", -EINVAL},
		{"-", -EINVAL},
		{" 1", -EINVAL},
		{"1 ", -EINVAL},
		{"1.0", -EINVAL},
		{"--1", -EINVAL},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t number = 77;
		int r = oom_parse_int(rows[i].text, &number);

		cr_expect_eq(r, rows[i].r, "'%s': %d", rows[i].text, r);
		cr_expect_eq(number, rows[i].r ? 77 : rows[i].number, "'%s'", rows[i].text);
	}
}

Test(value, booleans)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};
	static const char *const neither[] = {"", "Yes", "maybe", "yes ", "2", "y"};
	bool b;

	for (size_t i = 0; i < ROWS(yes); i++)
		cr_expect(oom_parse_bool(yes[i], &b) == 0 && b, "%s", yes[i]);
	for (size_t i = 0; i < ROWS(no); i++)
		cr_expect(oom_parse_bool(no[i], &b) == 0 && !b, "%s", no[i]);
	for (size_t i = 0; i < ROWS(neither); i++)
		cr_expect_eq(oom_parse_bool(neither[i], &b), -EINVAL, "%s", neither[i]);
}

/* One row of mistakes per type: the sentence is part of the contract. */
static const struct {
	struct oom_key key;
	const char *text, *msg;
} mistake_rows[] = {
	{{"K", OOM_T_SIZE}, "", "the value is empty"},
	{{"K", OOM_T_SIZE}, "64Q", "'64Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)"},
	{{"K", OOM_T_SIZE}, "64mb", "'64mb' is not a size, did you mean '64M'?"},
	{{"K", OOM_T_SIZE}, "64MiB", "'64MiB' is not a size, did you mean '64M'?"},
	{{"K", OOM_T_SIZE}, "lots", "'lots' is not a size (64M, 1.5G, 50%)"},
	{{"K", OOM_T_SIZE}, "1.5", "'1.5' is not a whole number of bytes (1.5K, 1.5M?)"},
	{{"K", OOM_T_SIZE, .min = 1 << 20, .max = 1 << 30}, "4K", "'4K' is outside 1M..1G"},
	{{"K", OOM_T_SIZE, .flags = OOM_KEY_PERCENT}, "4K", "'4K' is not a percentage (50%)"},
	{{"K", OOM_T_SIZE, .flags = OOM_KEY_ABSOLUTE}, "5%",
		"'5%': a percentage is not allowed here (64M?)"},
	{{"K", OOM_T_INT, .min = -1000, .max = 1000}, "1001", "'1001' is outside -1000..1000"},
	{{"K", OOM_T_INT}, "12abc", "'12abc' is not a whole number"},
	{{"K", OOM_T_INT}, "99999999999999999999",
		"'99999999999999999999' is too large or too precise"},
	{{"K", OOM_T_BOOL}, "maybe", "'maybe' is neither yes nor no"},
	{{"K", OOM_T_DURATION}, "soon", "'soon' is not a duration (2s, 250ms, 1min 30s)"},
	{{"K", OOM_T_DURATION, .min = 1000000, .max = 60000000}, "90s",
		"'90s' is outside 1s..1min"},
	{{"K", OOM_T_CHOICE, .choices = "write|read"}, "wirte",
		"'wirte' is not one of write|read, did you mean 'write'?"},
	{{"K", OOM_T_CHOICE, .choices = "write|read"}, "sing", "'sing' is not one of write|read"},
	{{"K", OOM_T_ALTERNATIVES}, "a||b", "'a||b' has an empty alternative"},
	{{"K", OOM_T_ALTERNATIVES, .choices = "memcg|cpuset"}, "memcg|cpusets",
		"'cpusets' is not one of memcg|cpuset, did you mean 'cpuset'?"},
	{{"K", OOM_T_WORDS}, "a \"b c", "missing closing quote \""},
	{{"K", OOM_T_WORDS}, "'a'\"b", "missing closing quote \""},
	{{"K", OOM_T_COMMAND}, "a 'b", "missing closing quote '"},
	{{"K", OOM_T_COMMAND}, "'' b", "no program to run"},
	{{"K", OOM_T_EXEC}, "-", "no program to run"},
	{{"K", OOM_T_EXEC}, "; ;", "no program to run"},
	{{"K", OOM_T_EXEC}, "/bin/a ; '", "missing closing quote '"},
	{{"K", OOM_T_EXEC}, "./a", "'./a' is neither an absolute path nor a file name"},
	{{"K", OOM_T_EXEC}, "--/bin/a", "'-/bin/a' is neither an absolute path nor a file name"},
	{{"K", OOM_T_EXEC}, "/bin/", "'/bin/' is a folder, not a program"},
	{{"K", OOM_T_EXEC}, "$SHELL -c x", "the program cannot be a variable: '$SHELL'"},
	{{"K", OOM_T_EXEC}, "@/bin/a",
		"'@' needs a name (argv[0]) after the program: @/bin/a NAME"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "kill",
		"'kill' is not a signal, did you mean 'SIGKILL'?"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "TREM",
		"'TREM' is not a signal, did you mean 'TERM'?"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "65", "'65' is not a signal (SIGTERM, 15)"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "SIGOOM",
		"'SIGOOM' is not a signal (SIGTERM, 15)"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "RTMIN+31",
		"'RTMIN+31' is not a signal (SIGTERM, 15)"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "RTMIN-1",
		"'RTMIN-1' is not a signal (SIGTERM, 15)"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SIGNAL}, "0", "'0' is not a signal (SIGTERM, 15)"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_PROPERTY}, "Memorymax",
		"unknown property 'Memorymax', did you mean 'MemoryMax'?"},
	{{"K", OOM_T_STRING, .flags = OOM_KEY_SYSCTL}, "panic",
		"'panic' is not a sysctl (vm.overcommit_memory)"},
	{{"K", OOM_T_STRING}, "", "the value is empty"},
	{{"K", OOM_T_RANGE_INT, .max = 255}, "137|200..256", "'256' is outside 0..255"},
	{{"K", OOM_T_RANGE_INT, .max = INT64_MAX}, "-1", "'-1' is less than 0"},
	{{"K", OOM_T_SIZE}, "200 M", "'200 M' is not a size, did you mean '200M'?"},
	{{"K", OOM_T_RANGE_INT}, "..", "'..' is not a range (a..b, a.., ..b)"},
	{{"K", OOM_T_RANGE_INT}, "5..1", "'5..1' is an empty range: 5 is more than 1"},
	{{"K", OOM_T_RANGE_INT}, "1..x", "'x' is not a whole number"},
	{{"K", OOM_T_RANGE_INT}, "1|", "'1|' has an empty alternative"},
	{{"K", OOM_T_RANGE_SIZE}, "1M..64Q",
		"'64Q' is not a size: unknown suffix 'Q' (K, M, G, T or %)"},
	{{"K", OOM_T_RANGE_PERCENT}, "5x", "'5x' is not a percentage (10%)"},
	{{"K", OOM_T_WHEN}, "hog", "'hog' is not an event (hog reached 100M, hog killed)"},
	{{"K", OOM_T_WHEN}, "hog kiled",
		"'kiled' is not one of started|reached|killed|ended, did you mean 'killed'?"},
	{{"K", OOM_T_WHEN}, "hog reached", "'reached' needs a size: hog reached 100M"},
	{{"K", OOM_T_WHEN}, "hog killed twice", "'twice' follows 'killed', which takes no size"},
	{{"K", OOM_T_WHEN}, "hog reached 1M now", "unexpected 'now' after the size '1M'"},
	{{"K", OOM_T_WHEN}, "2s", "'2s' is not an event (hog reached 100M, hog killed)"},
	{{"K", OOM_T_WHEN, .flags = OOM_KEY_DELAY}, "2 parsecs",
		"'2 parsecs' is not a duration (2s, 250ms, 1min 30s)"},
};

Test(value, mistakes_say_what_and_how)
{
	struct oom_arena arena = {0};

	for (size_t i = 0; i < ROWS(mistake_rows); i++) {
		struct oom_value value = {.text = "untouched"};
		struct oom_err err = {0};
		int r = oom_value_parse(
			&arena, &mistake_rows[i].key, mistake_rows[i].text, &err, &value);

		cr_expect(r == -EINVAL || r == -ERANGE, "'%s': %d", mistake_rows[i].text, r);
		cr_expect_str_eq(err.msg, mistake_rows[i].msg);
		cr_expect_str_eq(value.text, "untouched");
	}
	oom_arena_release(&arena);
}

static struct oom_value parsed(struct oom_arena *arena, const struct oom_key *key, const char *text)
{
	struct oom_value value;
	struct oom_err err = {0};

	cr_assert_eq(oom_value_parse(arena, key, text, &err, &value), 0, "'%s': %s", text, err.msg);
	return value;
}

Test(value, words_for_without_end)
{
	struct oom_arena arena = {0};
	struct oom_key size = {"K", OOM_T_SIZE, .min = 1, .max = 100, .choices = "infinity"};
	struct oom_key time = {"K", OOM_T_DURATION, .choices = "forever|infinity"};
	struct oom_key number = {"K", OOM_T_INT, .choices = "infinity"};

	cr_expect_eq(parsed(&arena, &size, "infinity").size.bytes, UINT64_MAX);
	cr_expect_eq(parsed(&arena, &time, "forever").usec, UINT64_MAX);
	cr_expect_eq(parsed(&arena, &time, "infinity").usec, UINT64_MAX);
	cr_expect_eq(parsed(&arena, &number, "infinity").integer, INT64_MAX);
	oom_arena_release(&arena);
}

Test(value, ranges)
{
	static const struct {
		enum oom_type type;
		const char *text;
		double number, whole;
		bool in;
	} rows[] = {
		{OOM_T_RANGE_INT, "5", 5, 0, true},
		{OOM_T_RANGE_INT, "5", 6, 0, false},
		{OOM_T_RANGE_INT, "1..5", 1, 0, true},
		{OOM_T_RANGE_INT, "1..5", 5, 0, true},
		{OOM_T_RANGE_INT, "1..5", 0, 0, false},
		{OOM_T_RANGE_INT, "1..", 99, 0, true},
		{OOM_T_RANGE_INT, "..5", -99, 0, true},
		{OOM_T_RANGE_INT, "..5", 6, 0, false},
		{OOM_T_RANGE_INT, "0|3..5", 0, 0, true},
		{OOM_T_RANGE_INT, "0|3..5", 1, 0, false},
		{OOM_T_RANGE_INT, "0 | 3 .. 5", 4, 0, true},
		{OOM_T_RANGE_INT, "-1000..-5", -500, 0, true},
		{OOM_T_RANGE_SIZE, "190M..200M", 199 << 20, 0, true},
		{OOM_T_RANGE_SIZE, "1.5G..2G", 1 << 30, 0, false},
		{OOM_T_RANGE_SIZE, "90%..", 95, 100, true},
		{OOM_T_RANGE_SIZE, "90%..", 80, 100, false},
		{OOM_T_RANGE_SIZE, "10..50%", 50, 100, true},
		{OOM_T_RANGE_SIZE, "10..50%", 51, 100, false},
		{OOM_T_RANGE_DURATION, "..2ms", 2000, 0, true},
		{OOM_T_RANGE_DURATION, "..2ms", 2001, 0, false},
		{OOM_T_RANGE_PERCENT, "5..20%", 20, 1000, true},
		{OOM_T_RANGE_PERCENT, "5..20%", 21, 1000, false},
	};
	struct oom_arena arena = {0};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct oom_key key = {"K", rows[i].type};
		struct oom_value v = parsed(&arena, &key, rows[i].text);

		cr_expect_eq(oom_value_in_ranges(&v, rows[i].number, rows[i].whole), rows[i].in,
			"%s of %g", rows[i].text, rows[i].number);
	}
	oom_arena_release(&arena);
}

Test(value, events_and_delays)
{
	struct oom_arena arena = {0};
	struct oom_key when = {"K", OOM_T_WHEN}, start = {"K", OOM_T_WHEN, .flags = OOM_KEY_DELAY};
	struct oom_value v = parsed(&arena, &when, "hog reached 100M");

	cr_expect_str_eq(v.when.subject, "hog");
	cr_expect_eq(v.when.event, OOM_WHEN_REACHED);
	cr_expect_eq(v.when.size.bytes, 100 << 20);
	cr_expect_eq(parsed(&arena, &when, "hog started").when.event, OOM_WHEN_STARTED);
	cr_expect_eq(parsed(&arena, &when, "hog killed").when.event, OOM_WHEN_KILLED);
	cr_expect_eq(parsed(&arena, &when, "hog  ended").when.event, OOM_WHEN_ENDED);
	v = parsed(&arena, &start, "1min 2s");
	cr_expect_eq(v.when.event, OOM_WHEN_DELAY);
	cr_expect_eq(v.when.usec, 62000000);
	cr_expect_null(v.when.subject);
	cr_expect_eq(parsed(&arena, &start, "hog killed").when.event, OOM_WHEN_KILLED);
	oom_arena_release(&arena);
}

Test(value, formats_are_short)
{
	static const struct {
		uint64_t number;
		const char *size, *duration;
	} rows[] = {
		{0, "0", "0s"},
		{1, "1", "1us"},
		{999, "999", "999us"},
		{1023, "1023", "1ms"},
		{1024, "1K", "1ms"},
		{1536, "1.5K", "1.5ms"},
		{1048575, "1M", "1s"},
		{1048576, "1M", "1s"},
		{208037478, "198.4M", "3min 28s"},
		{1500000, "1.4M", "1.5s"},
		{59949999, "57.2M", "59.9s"},
		{59950000, "57.2M", "1min"},
		{90000000, "85.8M", "1min 30s"},
		{3600000000, "3.4G", "1h"},
		{90000000000, "83.8G", "1d 1h"},
		{UINT64_MAX - 1, "16E", "213503982d 8h"},
		{UINT64_MAX, "infinity", "infinity"},
	};
	char buf[24];

	for (size_t i = 0; i < ROWS(rows); i++) {
		cr_expect_str_eq(oom_format_size(rows[i].number, buf), rows[i].size);
		cr_expect_str_eq(oom_format_duration(rows[i].number, buf), rows[i].duration);
	}
}

Test(value, nearest_word)
{
	static const char *const names[] = {
		"MemoryMax", "MemoryHigh", "MemorySwapMax", "Slice", "a"};
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{"MemoryMx", "MemoryMax"},
		{"memorymax", "MemoryMax"},
		{"MemroyMax", "MemoryMax"},
		{"MemoryHihg", "MemoryHigh"},
		{"MemSwapMax", "MemorySwapMax"},
		{"Slcie", "Slice"},
		{"Size", NULL},
		{"", NULL},
		{"x", NULL},
		{"Whatever", NULL},
		{"MemoryMaxMemoryMaxMemoryMaxMemoryMaxMemoryMaxMemoryMaxMemoryMaxMemory", NULL},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *nearest = oom_nearest(rows[i].word, names, ROWS(names));

		if (rows[i].nearest)
			cr_expect(nearest && !strcmp(nearest, rows[i].nearest), "'%s': %s",
				rows[i].word, nearest ? nearest : "none");
		else
			cr_expect_null(nearest, "'%s': %s", rows[i].word, nearest);
	}
}
