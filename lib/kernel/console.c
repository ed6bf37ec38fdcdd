// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/console.h"

#include <errno.h>

/* "<3>", at most 255: 23 facilities of eight levels, and some */
static bool take_prio(struct oom_span *s, unsigned *ret)
{
	uint64_t prio;

	if (!oom_span_skip(s, OOM_SPAN("<")) || !oom_span_take_uint(s, &prio) || prio > 255 ||
		!oom_span_skip(s, OOM_SPAN(">")))
		return false;
	*ret = (unsigned)prio;
	return true;
}

/* "[   12.345678]", and "[    T1]" of a kernel that names the caller. */
static bool skip_bracket(struct oom_span *s)
{
	const char *end = s->len && *s->at == '[' ? memchr(s->at, ']', s->len) : NULL;

	if (!end)
		return false;
	*s = oom_span_from(*s, (size_t)(end + 1 - s->at));
	return true;
}

/* "<3>[   12." in the midst of a line: one that was cut off by a panic, and begun again. */
static bool has_second_prefix(struct oom_span text)
{
	static const struct oom_span opening = OOM_SPAN(">[");

	for (ptrdiff_t at; (at = oom_span_find(text, opening)) >= 0;) {
		struct oom_span time = oom_span_from(text, (size_t)at + opening.len);
		bool digit = at > 0 && oom_is_digit(text.at[at - 1]);
		int64_t us;

		if (digit && oom_span_take_seconds(&time, &us) && time.len && *time.at == ']')
			return true;
		text = oom_span_from(text, (size_t)at + opening.len);
	}
	return false;
}

int oom_console_next(struct oom_span *rest, struct oom_console_line *ret)
{
	const char *eol = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	struct oom_span line = {rest->at, eol ? (size_t)(eol - rest->at) : rest->len}, text;
	unsigned prio;

	if (!rest->len)
		return 0;
	*rest = oom_span_from(*rest, line.len + 1);
	while (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	text = line;
	if (!eol || !take_prio(&text, &prio))
		return -EBADMSG;
	while (skip_bracket(&text))
		;
	oom_span_skip(&text, OOM_SPAN(" "));
	if (prio < 8 && has_second_prefix(text))
		return -EBADMSG;
	*ret = (struct oom_console_line){.prio = prio, .line = line, .text = text};
	return 1;
}
