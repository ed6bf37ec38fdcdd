// SPDX-License-Identifier: LGPL-2.1-or-later
/* Points in time as journalctl --since takes them. */
#include "harness/explain/explain.h"

#include "lib/scenario/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND UINT64_C(1000000)

static int before(uint64_t now_us, const char *span, uint64_t *ret_us)
{
	uint64_t usec;

	if (oom_parse_duration(span, &usec) || usec > now_us)
		return -EINVAL;
	*ret_us = now_us - usec;
	return 0;
}

/* "2h ago" */
static int ago(uint64_t now_us, const char *text, uint64_t *ret_us)
{
	static const char suffix[] = " ago";
	size_t len = strlen(text), cut = sizeof(suffix) - 1;
	char span[64];

	if (len <= cut || len - cut >= sizeof(span) || strcmp(text + len - cut, suffix) != 0)
		return -EINVAL;
	memcpy(span, text, len - cut);
	span[len - cut] = '\0';
	return before(now_us, span, ret_us);
}

/* The midnight @days before today, in local time. */
static int midnight(uint64_t now_us, int days, uint64_t *ret_us)
{
	time_t now = (time_t)(now_us / SECOND);
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return -EINVAL;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days;
	tm.tm_isdst = -1;
	*ret_us = (uint64_t)mktime(&tm) * SECOND;
	return 0;
}

static int calendar(uint64_t now_us, const char *text, uint64_t *ret_us)
{
	static const char *const layouts[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%H:%M:%S", "%H:%M"};
	time_t now = (time_t)(now_us / SECOND), then;

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		const char *end;
		struct tm tm;

		if (!localtime_r(&now, &tm))
			return -EINVAL;
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_isdst = -1;
		end = strptime(text, layouts[i], &tm);
		if (!end || *end)
			continue;
		then = mktime(&tm);
		if (then < 0)
			return -EINVAL;
		*ret_us = (uint64_t)then * SECOND;
		return 0;
	}
	return -EINVAL;
}

int explain_parse_since(const char *text, uint64_t now_us, uint64_t *ret_us)
{
	uint64_t number_us;

	if (!strcmp(text, "now"))
		return before(now_us, "0", ret_us);
	if (!strcmp(text, "today"))
		return midnight(now_us, 0, ret_us);
	if (!strcmp(text, "yesterday"))
		return midnight(now_us, 1, ret_us);
	if (*text == '-')
		return before(now_us, text + 1, ret_us);
	if (*text == '@') {
		/* seconds since 1970, and nothing else */
		if (!text[1] || strspn(text + 1, "0123456789.") != strlen(text + 1) ||
			oom_parse_duration(text + 1, &number_us))
			return -EINVAL;
		*ret_us = number_us;
		return 0;
	}
	return ago(now_us, text, ret_us) && calendar(now_us, text, ret_us) ? -EINVAL : 0;
}
