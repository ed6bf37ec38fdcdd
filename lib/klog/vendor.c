// SPDX-License-Identifier: LGPL-2.1-or-later
/* What makers of hypervisors and phones put before a text. */
#include "lib/klog/vendor.h"

#include "lib/klog/frame.h"

#include <fcntl.h>

/*
 * "| vcpu-0| I125: Guest: ", ": vcpu-0| Guest: ", " In(05) vcpu-0 - Guest: ": a hypervisor's log of
 * what its guest printed
 */
bool oom_klog_take_guest(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span head = {s->at, s->len < 80 ? s->len : 80};
	ptrdiff_t at;

	if ((head.len < 4 || head.at[3] != '(') &&
		!memchr(head.at, '|', head.len < 20 ? head.len : 20))
		return false;
	at = oom_span_find(head, OOM_SPAN("Guest: "));
	if (at < 0)
		return false;
	*s = oom_span_from(*s, (size_t)at + 7);
	line->origin = OOM_ORIGIN_KERNEL;
	return true;
}

/*
 * What makers of phones put between stamp and text: "(2)[195:kswapd0]", "-(0)[0:swapper/0]",
 * "[0:        kswapd0:   50] "
 */
static void take_vendor_mark(struct oom_span *s)
{
	struct oom_span rest = *s;
	const char *end;
	int64_t number;

	oom_span_skip_blanks(&rest);
	oom_span_skip(&rest, OOM_SPAN("-"));
	if (oom_span_skip(&rest, OOM_SPAN("("))) {
		if (!oom_span_take_int(&rest, &number) || !oom_span_skip(&rest, OOM_SPAN(")")))
			return;
	}
	if (!oom_span_skip(&rest, OOM_SPAN("[")) || !oom_span_take_int(&rest, &number) ||
		!oom_span_skip(&rest, OOM_SPAN(":")))
		return;
	end = memchr(rest.at, ']', rest.len < 40 ? rest.len : 40);
	if (!end)
		return;
	*s = oom_span_from(rest, (size_t)(end - rest.at) + 1);
	oom_span_skip(s, OOM_SPAN(" "));
}

void oom_klog_take_vendor_mark(struct oom_span *s)
{
	if (s->len && (*s->at == ' ' || *s->at == '-' || *s->at == '(' || *s->at == '['))
		take_vendor_mark(s);
}

/* "I", "W": one of the levels */
static bool is_level(char c)
{
	return c == 'V' || c == 'D' || c == 'I' || c == 'W' || c == 'E' || c == 'F';
}

static bool name_tag(struct oom_span *s, struct oom_span tag, struct oom_klog_line *line)
{
	oom_span_trim_end(&tag);
	if (!tag.len)
		return false;
	oom_span_skip(s, OOM_SPAN(" "));
	line->ident = tag;
	line->framed = true;
	line->origin =
		oom_span_is(tag, OOM_SPAN("kernel")) ? OOM_ORIGIN_KERNEL : OOM_ORIGIN_PROGRAM;
	return true;
}

/* "I/tag(  479): " */
static bool take_brief(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = oom_span_from(*s, 2), tag = {rest.at, 0};
	const char *open = memchr(rest.at, '(', rest.len < 64 ? rest.len : 64);
	int64_t pid;

	if (!open)
		return false;
	tag.len = (size_t)(open - rest.at);
	rest = oom_span_from(rest, tag.len + 1);
	oom_span_skip_blanks(&rest);
	if (!oom_span_take_int(&rest, &pid) || !oom_span_skip(&rest, OOM_SPAN("):")))
		return false;
	*s = rest;
	return name_tag(s, tag, line);
}

/* "  479   479 I tag     : ": up to three numbers, for there may be a user's */
static bool take_threads(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s, tag;
	const char *colon;
	int64_t number;

	for (int i = 0; i < 3 && rest.len && oom_is_digit(*rest.at); i++) {
		if (!oom_span_take_int(&rest, &number) || !rest.len || *rest.at != ' ')
			return false;
		oom_span_skip_blanks(&rest);
	}
	if (rest.at == s->at || rest.len < 4 || !is_level(*rest.at) || rest.at[1] != ' ')
		return false;
	rest = oom_span_from(rest, 2);
	colon = memchr(rest.at, ':', rest.len < 64 ? rest.len : 64);
	if (!colon)
		return false;
	tag = (struct oom_span){rest.at, (size_t)(colon - rest.at)};
	*s = oom_span_from(rest, tag.len + 1);
	return name_tag(s, tag, line);
}

/* Android's logcat: its formats brief, time, threadtime, uid and year */
bool oom_klog_take_logcat(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	bool taken = false;

	oom_span_skip_blanks(&rest);
	if (rest.len < 8)
		return false;
	if (rest.at[1] == '/' && is_level(*rest.at))
		taken = take_brief(&rest, line);
	else if (oom_is_digit(*rest.at) && line->hour.at)
		taken = take_threads(&rest, line);
	if (taken)
		*s = rest;
	return taken;
}
