// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers of kernel text at and beyond what 64 bits hold, in texts that end where their block of memory ends. */
#include "lib/base/span.h"
#include "lib/kernel/cgroup_file.h"
#include "lib/kernel/kmsg.h"
#include "lib/kernel/trace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX   "9223372036854775807" /* INT64_MAX */
#define NINES "99999999999999999999999999999999999999999999999999"

/* A copy without a NUL: a sanitizer sees a byte more being read. */
static struct oom_span bytes(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	return (struct oom_span){copy, len};
}

static const struct number {
	const char *text;
	bool fits;
	int64_t value;
} numbers[] = {
	{"0", true, 0},
	{"999999999999999999", true, 999999999999999999},
	{"1000000000000000000", true, 1000000000000000000},
	{"9223372036854775806", true, INT64_MAX - 1},
	{MAX, true, INT64_MAX},
	{"9223372036854775808", false, 0},
	{"9223372036854775810", false, 0},
	{"18446744073709551615", false, 0},
	{"18446744073709551616", false, 0},
	{"92233720368547758070", false, 0},
	{"100000000000000000000", false, 0},
	{NINES, false, 0},
	{"00000000000000000000000000000000000000000000000001", true, 1},
	{"0000000000000000000000000000000" MAX, true, INT64_MAX},
};

Test(numbers, of_either_sign)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = numbers + i;

		for (int sign = 0; sign < 3; sign++) {
			char text[80];
			struct oom_span all, s;
			int64_t value = 42;

			snprintf(text, sizeof(text), "%s%s",
				sign == 2      ? "-"
					: sign ? "+"
					       : "",
				n->text);
			s = all = bytes(text);
			if (sign == 2 && !strcmp(n->text, "9223372036854775808")) {
				cr_expect(oom_span_take_int(&s, &value));
				cr_expect_eq(value, INT64_MIN);
			} else {
				cr_expect_eq(oom_span_take_int(&s, &value), n->fits, "%s", text);
				cr_expect_eq(value,
					!n->fits	    ? 42
						: sign == 2 ? -n->value
							    : n->value,
					"%s", text);
			}
			cr_expect_eq(s.len, 0, "%s: all of it is taken", text);
			value = 42;
			cr_expect_eq(oom_span_is_number(all, &value), n->fits && !sign, "%s", text);
			free((void *)(uintptr_t)all.at);
		}
	}
}

Test(numbers, seconds)
{
	static const struct number rows[] = {
		{"0.0", true, 0},
		{"  12.345678", true, 12345678},
		{"1.5", true, 1500000},
		{"1.1234567890123456789012345", true, 1123456},
		{"4611686018427.999999", true, 4611686018427999999},
		{"4611686018428.0", false, 0},
		{"9223372036854.775807", false, 0},
		{"9223372036855.0", false, 0},
		{MAX ".0", false, 0},
		{NINES ".0", false, 0},
		{"-1.0", false, 0},
		{"1.", false, 0},
		{"1", false, 0},
		{"", false, 0},
		{"1." NINES, true, 1999999},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_span all = bytes(rows[i].text), s = all;
		int64_t us = 42;

		cr_expect_eq(oom_span_take_seconds(&s, &us), rows[i].fits, "'%s'", rows[i].text);
		cr_expect_eq(us, rows[i].fits ? rows[i].value : 42, "'%s': %lld", rows[i].text,
			(long long)us);
		free((void *)(uintptr_t)all.at);
	}
}

Test(numbers, of_cgroup_files)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = numbers + i;
		struct oom_flat flat;
		struct oom_psi psi = {0};
		struct oom_span s;
		char text[160];

		snprintf(text, sizeof(text), "oom_kill %s\nafter 7", n->text);
		s = bytes(text);
		oom_flat_parse(s.at, s.len, &flat);
		cr_expect_eq(
			oom_flat_get(&flat, "oom_kill"), n->fits ? n->value : -1, "%s", n->text);
		cr_expect_eq(oom_flat_get(&flat, "after"), 7);
		free((void *)(uintptr_t)s.at);
		snprintf(text, sizeof(text), "some avg10=0.00 total=%s", n->text);
		s = bytes(text);
		cr_expect_eq(oom_psi_parse(s.at, s.len, &psi), n->fits, "%s", n->text);
		cr_expect_eq(psi.some_us, (uint64_t)(n->fits ? n->value : 0), "%s", n->text);
		free((void *)(uintptr_t)s.at);
	}
}

Test(numbers, of_kernel_records)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = numbers + i;
		const char *const forms[] = {"%s,2,3,-;x", "1,%s,3,-;x", "1,2,%s,-;x"};

		for (size_t f = 0; f < 3; f++) {
			struct oom_kmsg_head head = {0};
			unsigned long long value;
			struct oom_span s;
			char text[160];
			bool fits;

			errno = 0;
			value = strtoull(n->text, NULL, 10);
			fits = !errno && (f || value <= UINT32_MAX);
			snprintf(text, sizeof(text), forms[f], n->text);
			s = bytes(text);
			cr_expect_eq(oom_kmsg_head_parse(s.at, s.len, &head), fits, "%s", text);
			if (fits && f == 1)
				cr_expect_eq(head.seq, value);
			if (fits && f == 2)
				cr_expect_eq(head.usec, value);
			for (size_t len = 0; len < s.len; len++)
				oom_kmsg_head_parse(s.at, len, &head);
			free((void *)(uintptr_t)s.at);
		}
	}
}

/* A line of the trace, with one number of @text and others that are plain. */
static bool parse_trace(const char *line, struct oom_trace_event *ret)
{
	struct oom_arena arena = {0};
	struct oom_span s = bytes(line);
	struct oom_span left = s;
	bool ok = oom_trace_next(&arena, &left, ret) == 1;

	/* cut anywhere, it is read no further than it goes */
	for (size_t len = 0; len < s.len; len++) {
		struct oom_trace_event ev;
		struct oom_span part = {malloc(len ? len : 1), len};

		memcpy((void *)(uintptr_t)part.at, s.at, len);
		left = part;
		oom_trace_next(&arena, &left, &ev);
		free((void *)(uintptr_t)part.at);
	}
	free((void *)(uintptr_t)s.at);
	oom_arena_release(&arena);
	return ok;
}

Test(numbers, of_traces)
{
	static const char *const forms[] = {
		"               x-%s [000] d..2 1.000002: signal_generate: sig=9 errno=0 code=128 comm=h pid=5 grp=1 res=0\n",
		"               x-1 [000] d..2 1.000002: signal_generate: sig=%s errno=0 code=128 comm=h pid=5 grp=1 res=0\n",
		"               x-1 [000] d..2 1.000002: signal_generate: sig=9 errno=0 code=%s comm=h pid=5 grp=1 res=0\n",
		"               x-1 [000] d..2 1.000002: signal_generate: sig=9 errno=0 code=128 comm=h pid=%s grp=1 res=0\n",
		"               x-1 [000] d..2 1.000002: mark_victim: pid=%s\n",
		"               x-1 [000] d..2 1.000002: mark_victim: pid=%s comm=h total-vm=1kB \n",
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
			const struct number *n = numbers + i;
			struct oom_trace_event ev = {0};
			char line[256];

			snprintf(line, sizeof(line), forms[f], n->text);
			cr_expect_eq(parse_trace(line, &ev), n->fits, "%s", line);
			if (!n->fits)
				continue;
			cr_expect_eq(f == 0	 ? ev.task_pid
					: f == 1 ? ev.signal
					: f == 2 ? ev.code
						 : ev.pid,
				n->value, "%s", line);
		}
	}
}

Test(numbers, times_of_traces)
{
	static const struct number rows[] = {{"12.345678", true, 12345678}, {"0.000001", true, 1},
		{"4611686018427.999999", true, 4611686018427999999},
		{"4611686018428.000000", false, 0}, {"99999999999999.000000", false, 0},
		{MAX ".000000", false, 0}, {NINES ".000000", false, 0}, {"1." NINES, true, 1999999},
		{"1", false, 0}, {"", false, 0}, {"x.5", false, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_trace_event ev = {0};
		char line[256];

		snprintf(line, sizeof(line),
			"               x-1 [000] d..2 %s: mark_victim: pid=5\n", rows[i].text);
		cr_expect_eq(parse_trace(line, &ev), rows[i].fits, "%s", line);
		if (rows[i].fits)
			cr_expect_eq(
				ev.time_us, rows[i].value, "%s: %lld", line, (long long)ev.time_us);
	}
}
