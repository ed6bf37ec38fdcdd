// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/format.h"

#include <inttypes.h>
#include <stdio.h>

enum { FORMAT_BYTES = 24 };

const char *oom_format_size(uint64_t bytes, char buf[static FORMAT_BYTES])
{
	static const char suffixes[] = "KMGTPE";
	unsigned power = 0;
	uint64_t tenths;

	if (bytes == UINT64_MAX) {
		snprintf(buf, FORMAT_BYTES, "infinity");
		return buf;
	}
	if (bytes < 1024) {
		snprintf(buf, FORMAT_BYTES, "%" PRIu64, bytes);
		return buf;
	}
	/* the largest unit that leaves a number of at least 1; rounding may lift it to the next */
	while (power < 5 && bytes >> (10 * (power + 2)))
		power++;
	tenths = (uint64_t)(((unsigned __int128)bytes * 10 +
				    ((unsigned __int128)1 << (10 * (power + 1) - 1))) >>
		(10 * (power + 1)));
	if (tenths >= 10240 && power < 5) {
		tenths = 10;
		power++;
	}
	if (tenths % 10)
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
			suffixes[power]);
	else
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 "%c", tenths / 10, suffixes[power]);
	return buf;
}

/* 1234567 of 1000000 is "1.2s": one decimal where it says something */
static void format_decimal(uint64_t usec, uint64_t unit, const char *suffix, char *buf)
{
	uint64_t tenths = usec / unit * 10 + (usec % unit * 10 + unit / 2) / unit;

	if (tenths % 10)
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 ".%" PRIu64 "%s", tenths / 10, tenths % 10,
			suffix);
	else
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 "%s", tenths / 10, suffix);
}

static void format_pair(
	uint64_t high, const char *high_unit, uint64_t low, const char *low_unit, char *buf)
{
	if (low)
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 "%s %" PRIu64 "%s", high, high_unit, low,
			low_unit);
	else
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 "%s", high, high_unit);
}

const char *oom_format_duration(uint64_t usec, char buf[static FORMAT_BYTES])
{
	uint64_t seconds = usec / 1000000;

	if (usec == UINT64_MAX)
		snprintf(buf, FORMAT_BYTES, "infinity");
	else if (usec == 0)
		snprintf(buf, FORMAT_BYTES, "0s");
	else if (usec < 1000)
		snprintf(buf, FORMAT_BYTES, "%" PRIu64 "us", usec);
	else if (usec < 999950)
		format_decimal(usec, 1000, "ms", buf);
	else if (usec < 59950000)
		format_decimal(usec, 1000000, "s", buf);
	else if ((seconds = seconds + (usec % 1000000 >= 500000)) < 3600)
		format_pair(seconds / 60, "min", seconds % 60, "s", buf);
	else if (seconds < 86400)
		format_pair(seconds / 3600, "h", seconds % 3600 / 60, "min", buf);
	else
		format_pair(seconds / 86400, "d", seconds % 86400 / 3600, "h", buf);
	return buf;
}

const char *oom_plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}
