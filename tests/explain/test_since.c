// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/explain/explain.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* 2025-08-12 03:54:03 UTC */
#define NOW UINT64_C(1754970843)

Test(explain_since, points_in_time)
{
	static const struct {
		const char *text;
		uint64_t sec; /* 0: none */
	} rows[] = {
		{"now", NOW},
		{"-2h", NOW - 7200},
		{"-1h 30min", NOW - 5400},
		{"90min ago", NOW - 5400},
		{"1d 2h ago", NOW - 93600},
		{"@1754970000", 1754970000},
		{"today", 1754956800},
		{"yesterday", 1754870400},
		{"2025-08-11", 1754870400},
		{"2025-08-11 12:30", 1754915400},
		{"2025-08-11 12:30:05", 1754915405},
		{"2025-08-11T12:30:05", 1754915405},
		{"03:00", 1754967600},
		{"03:00:01", 1754967601},
		{"", 0},
		{"-", 0},
		{"-2q", 0},
		{"ago", 0},
		{"2q ago", 0},
		{"@", 0},
		{"@2h", 0},
		{"@-5", 0},
		{"2025-08-32", 0},
		{"2025-08-11 12:30 x", 0},
		{"-300y", 0},
		{"tomorrow?", 0},
	};

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t usec = 42;
		int r = explain_parse_since(rows[i].text, NOW * 1000000, &usec);

		cr_expect_eq(r, rows[i].sec ? 0 : -EINVAL, "'%s': %d", rows[i].text, r);
		cr_expect_eq(usec, rows[i].sec ? rows[i].sec * 1000000 : 42, "'%s': %" PRIu64,
			rows[i].text, usec);
	}
}
