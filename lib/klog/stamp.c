// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/stamp.h"

#include "lib/klog/frame.h"

static bool is_time_of_day(struct oom_span s, size_t i)
{
	return i + 8 <= s.len && oom_is_digit(s.at[i]) && oom_is_digit(s.at[i + 1]) &&
		s.at[i + 2] == ':' && oom_is_digit(s.at[i + 3]) && oom_is_digit(s.at[i + 4]) &&
		s.at[i + 5] == ':' && oom_is_digit(s.at[i + 6]) && oom_is_digit(s.at[i + 7]);
}

/* dmesg's other ways of telling time: "+0.000012", "<    0.000012>", "Aug12 03:54" */
static bool is_relative_time(struct oom_span s)
{
	bool digit = false, mark = false;

	for (size_t i = 0; i < s.len; i++) {
		digit |= oom_is_digit(s.at[i]);
		mark |= s.at[i] == '+' || s.at[i] == '<' || s.at[i] == ':';
	}
	return digit && mark && s.len < 40;
}

/* "[T123]", "[ T6788]", "[C1]": the thread or CPU that logged it, behind a time stamp */
static void take_caller(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	int64_t number;
	char kind;

	if (!oom_span_skip(&rest, OOM_SPAN("[")))
		return;
	oom_span_skip_blanks(&rest);
	if (!rest.len || (*rest.at != 'T' && *rest.at != 'C'))
		return;
	kind = *rest.at;
	rest = oom_span_from(rest, 1);
	if (!oom_span_take_int(&rest, &number) || !oom_span_skip(&rest, OOM_SPAN("]")))
		return;
	if (kind == 'T')
		line->caller = number;
	*s = rest;
}

bool oom_klog_take_brackets(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span inside, rest;
	const char *end;
	int64_t us;

	if (!s->len || *s->at != '[')
		return false;
	end = memchr(s->at, ']', s->len < 64 ? s->len : 64);
	if (!end)
		return false;
	inside = (struct oom_span){s->at + 1, (size_t)(end - s->at) - 1};
	rest = inside;
	/* a row of a task table begins with "[ 123]" */
	if (!memchr(inside.at, '.', inside.len) && !memchr(inside.at, ':', inside.len))
		return false;
	if (oom_span_take_seconds(&rest, &us) && (!rest.len || is_relative_time(rest))) {
		line->time_us = us;
	} else {
		size_t i = 0;

		while (i < inside.len && !is_time_of_day(inside, i))
			i++;
		if (i < inside.len)
			line->hour = (struct oom_span){inside.at, i + 2};
		else if (!is_relative_time(inside))
			return false;
	}
	*s = oom_span_from(*s, inside.len + 2);
	take_caller(s, line);
	oom_span_skip(s, OOM_SPAN(" "));
	return true;
}

bool oom_klog_take_cut_stamp(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	int64_t us;

	if (!rest.len || (!oom_is_digit(*rest.at) && *rest.at != ' ') ||
		!oom_span_take_seconds(&rest, &us) || !oom_span_skip(&rest, OOM_SPAN("] ")))
		return false;
	line->time_us = us;
	line->origin = OOM_ORIGIN_KERNEL;
	line->framed = true;
	*s = rest;
	return true;
}

/* Behind a time of day: a fraction, a zone, a year. */
static void take_clock_tail(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	int64_t number;

	if (rest.len && (*rest.at == '.' || *rest.at == ',')) {
		bool comma = *rest.at == ',';

		rest = oom_span_from(rest, 1);
		if (oom_span_take_int(&rest, &number)) {
			/* a comma and microseconds: dmesg --time-format=iso, no name follows */
			if (comma && rest.at - s->at == 7)
				line->origin = OOM_ORIGIN_KERNEL;
			*s = rest;
		}
	}
	rest = *s;
	if (oom_span_skip(&rest, OOM_SPAN("Z"))) {
		*s = rest;
	} else if (rest.len && (*rest.at == '+' || *rest.at == '-')) {
		if (oom_span_take_int(&rest, &number)) {
			*s = rest;
			if (oom_span_skip(&rest, OOM_SPAN(":")) &&
				oom_span_take_int(&rest, &number))
				*s = rest;
		}
	}
	rest = *s;
	/* " 2025" of ctime(3), " UTC" of the journal */
	if (oom_span_skip(&rest, OOM_SPAN(" ")) && oom_span_take_int(&rest, &number) &&
		number >= 1970 && number < 3000 && rest.len && *rest.at == ' ')
		*s = rest;
	rest = *s;
	if (oom_span_skip(&rest, OOM_SPAN(" "))) {
		size_t n = 0;

		while (n < rest.len && rest.at[n] >= 'A' && rest.at[n] <= 'Z')
			n++;
		if (n >= 3 && n <= 5 && n < rest.len && rest.at[n] == ' ')
			*s = oom_span_from(rest, n);
	}
}

bool oom_klog_take_clock(struct oom_span *s, struct oom_klog_line *line)
{
	size_t limit = s->len < 48 ? s->len : 48, i;
	const char *colon = memchr(s->at, ':', limit);
	struct oom_span rest = *s;
	int64_t us;

	/* seconds since 1970, of journalctl -o short-unix */
	if (s->len > 12 && oom_is_digit(s->at[0]) && oom_is_digit(s->at[8]) &&
		oom_span_take_seconds(&rest, &us) && us >= INT64_C(100000000) * 1000000 &&
		rest.len && *rest.at == ' ') {
		line->hour = (struct oom_span){s->at, 7};
		*s = oom_span_from(rest, 1);
		return true;
	}
	/* a date has letters, digits and little else; its first colon is the time's */
	if (!colon || colon - s->at < 2 || !is_time_of_day(*s, (size_t)(colon - s->at) - 2))
		return false;
	i = (size_t)(colon - s->at) - 2;
	for (const char *p = s->at; p < colon; p++) {
		if (strchr("=\"(){}<>;", *p))
			return false;
	}
	line->hour = (struct oom_span){s->at, i + 2};
	*s = oom_span_from(*s, i + 8);
	take_clock_tail(s, line);
	return true;
}

ptrdiff_t oom_klog_find_stamp(struct oom_span s, size_t from)
{
	for (size_t i = from; i < s.len; i++) {
		const char *hit = memchr(s.at + i, '[', s.len - i);
		struct oom_span rest;
		int64_t us;

		if (!hit)
			return -1;
		i = (size_t)(hit - s.at);
		rest = oom_span_from(s, i + 1);
		if (oom_span_take_seconds(&rest, &us) && rest.len && *rest.at == ']' &&
			rest.at - hit >= 9 && rest.at[-7] == '.')
			return (ptrdiff_t)i;
	}
	return -1;
}
