// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expect.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

enum { DATE_LEN = sizeof("2027-01-31") - 1 };

/* The end of the day that @text begins with, in realtime µs; -EINVAL when it is none. */
static int day_end(const char *text, int64_t *ret_us)
{
	struct tm day = {0};
	time_t start;
	int month;

	for (int i = 0; i < DATE_LEN; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return -EINVAL;
	if (isalnum((unsigned char)text[DATE_LEN]) || text[DATE_LEN] == '-')
		return -EINVAL;
	day.tm_year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 +
		      text[3] - '0' - 1900;
	day.tm_mon = (text[5] - '0') * 10 + text[6] - '0' - 1;
	day.tm_mday = (text[8] - '0') * 10 + text[9] - '0';
	month = day.tm_mon;
	start = timegm(&day); /* puts 02-30 and 13-01 right: into another month */
	if (day.tm_mon != month)
		return -EINVAL;
	*ret_us = ((int64_t)start + 24 * 3600) * 1000000;
	return 0;
}

int oom_known_issue_parse(const char *text, int64_t *ret_until_us)
{
	int r = -EINVAL;

	for (const char *at = text; *at; at++) {
		bool inside = at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '-');

		if (!inside && day_end(at, ret_until_us) == 0)
			r = 0;
	}
	return r;
}
