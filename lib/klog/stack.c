// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/stack.h"

#include <unistd.h>

static bool is_symbol(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'
		? true
		: oom_is_digit(c) || c == '_' || c == '.' || c == '$';
}

static bool is_hex(char c)
{
	return oom_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* "0x1f" at the front of @s: how long it is; 0: it is not there */
static size_t hex_len(struct oom_span s)
{
	size_t n = 2;

	if (!oom_span_starts(s, OOM_SPAN("0x")))
		return 0;
	while (n < s.len && is_hex(s.at[n]))
		n++;
	return n > 2 ? n : 0;
}

/* "dump_stack+0x41/0x60" at the front of @s: how long it is; 0: it is not there */
static size_t frame_len(struct oom_span s)
{
	size_t n = 0, hex;

	while (n < s.len && is_symbol(s.at[n]))
		n++;
	if (!n || n == s.len || s.at[n] != '+')
		return 0;
	hex = hex_len(oom_span_from(s, ++n));
	n += hex;
	if (!hex || n >= s.len || s.at[n] != '/')
		return 0;
	hex = hex_len(oom_span_from(s, ++n));
	return hex ? n + hex : 0;
}

/* "[<ffffffff8110d0e2>] ", "[c000000000fd9b8] ", "(unwind_backtrace) from ", "unwind_backtrace from ": what
 * stands before a frame. */
static bool skip_address(struct oom_span *s)
{
	char close = *s->at == '[' ? ']' : *s->at == '(' ? ')' : '\0';
	const char *end = close ? memchr(s->at, close, s->len) : NULL;
	size_t n = 0;

	if (oom_span_skip(s, OOM_SPAN("from ")))
		return true;
	while (n < s->len && is_symbol(s->at[n]))
		n++;
	if (n && oom_span_starts(oom_span_from(*s, n), OOM_SPAN(" from "))) {
		*s = oom_span_from(*s, n);
		return true;
	}
	if (!end)
		return false;
	*s = oom_span_from(*s, (size_t)(end + 1 - s->at));
	return true;
}

bool oom_klog_stack_frame(struct oom_span text, struct oom_span *ret)
{
	bool unsure = false;

	for (;;) {
		struct oom_span in = text;
		size_t n;

		oom_span_skip_blanks(&text);
		if (!text.len)
			return false;
		if (oom_span_skip(&text, OOM_SPAN("? "))) {
			unsure = true;
			continue;
		}
		in = *text.at == '(' ? oom_span_from(text, 1) : text;
		n = frame_len(in);
		if (n) {
			struct oom_span rest = oom_span_from(in, n);
			const char *end;

			/* the module, where it is one's */
			if (in.at == text.at && oom_span_starts(rest, OOM_SPAN(" [")) &&
				(end = memchr(rest.at, ']', rest.len)))
				n += (size_t)(end + 1 - rest.at);
			*ret = (struct oom_span){in.at, n};
			return !unsure && oom_span_find(rest, OOM_SPAN("(unreliable)")) < 0;
		}
		if (!skip_address(&text))
			return false;
	}
}
