// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/frame.h"

#include "lib/klog/field.h"
#include "lib/klog/like.h"
#include "lib/klog/stamp.h"
#include "lib/klog/vendor.h"

/* "prio,seq,usec,flags[,caller=T1];text": /dev/kmsg (Documentation/ABI/testing/dev-kmsg) */
static bool take_kmsg(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	int64_t prio, seq, usec;
	const char *end;

	if (!oom_span_take_int(&rest, &prio) || prio < 0 || !oom_span_skip(&rest, OOM_SPAN(",")) ||
		!oom_span_take_int(&rest, &seq) || !oom_span_skip(&rest, OOM_SPAN(",")) ||
		!oom_span_take_int(&rest, &usec) || !oom_span_skip(&rest, OOM_SPAN(",")))
		return false;
	end = memchr(rest.at, ';', rest.len);
	if (!end)
		return false;
	for (const char *p = rest.at; p < end; p++) {
		if (*p == ',' && end - p > 9 && !memcmp(p, ",caller=T", 9)) {
			struct oom_span caller = {p + 9, (size_t)(end - p) - 9};

			oom_span_take_int(&caller, &line->caller);
		}
	}
	line->continues = rest.at < end && *rest.at == 'c';
	line->time_us = usec;
	line->escaped = line->kmsg = true;
	line->origin = prio >> 3 ? OOM_ORIGIN_USER : OOM_ORIGIN_KERNEL;
	*s = oom_span_from(rest, (size_t)(end - rest.at) + 1);
	return true;
}

/* "<4>": priority. A facility other than 0 is not the kernel's. */
static bool take_priority(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	int64_t prio;

	if (!oom_span_skip(&rest, OOM_SPAN("<")) || !oom_span_take_int(&rest, &prio) || prio < 0 ||
		prio > 191 || !oom_span_skip(&rest, OOM_SPAN(">")))
		return false;
	line->origin = prio >> 3 ? OOM_ORIGIN_USER : OOM_ORIGIN_KERNEL;
	*s = rest;
	return true;
}

static bool is_padded_colon(struct oom_span s)
{
	while (s.len && *s.at == ' ')
		s = oom_span_from(s, 1);
	return s.len && *s.at == ':';
}

/* "kern  :warn  : ": dmesg -x. The facility tells who wrote it. */
static bool take_facility(struct oom_span *s, struct oom_klog_line *line)
{
	static const struct oom_span names[] = {OOM_SPAN("kern"), OOM_SPAN("user"),
		OOM_SPAN("mail"), OOM_SPAN("daemon"), OOM_SPAN("auth"), OOM_SPAN("syslog"),
		OOM_SPAN("lpr"), OOM_SPAN("news"), OOM_SPAN("uucp"), OOM_SPAN("cron"),
		OOM_SPAN("authpriv"), OOM_SPAN("ftp"), OOM_SPAN("local0"), OOM_SPAN("local1"),
		OOM_SPAN("local2"), OOM_SPAN("local3"), OOM_SPAN("local4"), OOM_SPAN("local5"),
		OOM_SPAN("local6"), OOM_SPAN("local7")};
	size_t i = 0, name = 0, n_names = sizeof(names) / sizeof(names[0]);

	/* they begin with a small letter */
	if (!s->len || *s->at < 'a' || *s->at > 'z')
		return false;
	while (i < s->len && i < 10 && s->at[i] >= '0' && s->at[i] != ':')
		i++;
	if (i < 3 || !is_padded_colon(oom_span_from(*s, i)))
		return false;
	while (name < n_names &&
		(*names[name].at != *s->at ||
			!oom_span_is((struct oom_span){s->at, i}, names[name])))
		name++;
	if (name == n_names)
		return false;
	for (int colons = 0; colons < 2; i++) {
		if (i >= s->len || i > 24)
			return false;
		colons += s->at[i] == ':';
	}
	line->origin = s->at[0] == 'k' ? OOM_ORIGIN_KERNEL : OOM_ORIGIN_USER;
	*s = oom_span_from(*s, i);
	oom_span_skip(s, OOM_SPAN(" "));
	return true;
}

/* One word up to a blank. */
static struct oom_span peek_word(struct oom_span s)
{
	size_t n = 0;

	while (n < s.len && s.at[n] != ' ')
		n++;
	return (struct oom_span){s.at, n};
}

/* "kernel:", "systemd[1]:", "kernel[0]:", "kernel" (RFC 5424): the ident within, or nothing */
static bool ident_of(struct oom_span word, struct oom_span *ret)
{
	size_t n = 0;

	if (!word.len || word.at[word.len - 1] != ':')
		return false;
	word.len--;
	while (n < word.len && word.at[n] != '[' && word.at[n] != ':' && word.at[n] != '=')
		n++;
	if (!n || (n < word.len && (word.at[n] != '[' || word.at[word.len - 1] != ']')))
		return false;
	*ret = (struct oom_span){word.at, n};
	return true;
}

static bool is_kernel_ident(struct oom_span ident)
{
	return oom_span_is(ident, OOM_SPAN("kernel")) || oom_span_is(ident, OOM_SPAN("klogd")) ||
		oom_span_is(ident, OOM_SPAN("vmunix")) || oom_span_is(ident, OOM_SPAN("kmsg"));
}

/*
 * "host ident[pid]: ", "ident: ", "host facility.priority ident: ": who logged it. Only the words
 * that syslog has in front, so that "sshd invoked oom-killer:" is no ident.
 */
static bool take_ident(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	bool facility = false;

	for (int words = 0; words < 2 + facility; words++) {
		struct oom_span word, ident;

		oom_span_skip_blanks(&rest);
		word = peek_word(rest);
		rest = oom_span_from(rest, word.len);
		if (ident_of(word, &ident)) {
			line->ident = ident;
			line->origin =
				is_kernel_ident(ident) ? OOM_ORIGIN_KERNEL : OOM_ORIGIN_PROGRAM;
			oom_span_skip(&rest, OOM_SPAN(" "));
			*s = rest;
			return true;
		}
		facility |= word.len < 20 && memchr(word.at, '.', word.len) &&
			(oom_span_starts(word, OOM_SPAN("kern.")) ||
				oom_span_starts(word, OOM_SPAN("user.")) ||
				oom_span_starts(word, OOM_SPAN("daemon.")));
		if (words == 1 && is_kernel_ident(word)) {
			/* RFC 5424: "host kernel - - - text"; logcat: "kernel  : text" */
			while (oom_span_skip(&rest, OOM_SPAN(" -")) ||
				oom_span_skip(&rest, OOM_SPAN(" ")) ||
				oom_span_skip(&rest, OOM_SPAN(": ")))
				;
			line->origin = OOM_ORIGIN_KERNEL;
			*s = rest;
			return true;
		}
	}
	return false;
}

/* "message repeated 2 times: [ text]": rsyslog */
static void take_repeated(struct oom_span *s)
{
	struct oom_span rest = *s;
	int64_t times;

	if (!oom_span_skip(&rest, OOM_SPAN("message repeated ")) ||
		!oom_span_take_int(&rest, &times) || !oom_span_skip(&rest, OOM_SPAN(" times: [")))
		return;
	oom_span_skip(&rest, OOM_SPAN(" "));
	if (rest.len && rest.at[rest.len - 1] == ']')
		rest.len--;
	*s = rest;
}

/* Serial consoles: carriage returns, colours and what else a terminal is told. */
static void skip_terminal_noise(struct oom_span *s, struct oom_klog_line *line)
{
	while (s->len && (*s->at == '\r' || *s->at == '\0' || *s->at == '\033')) {
		line->coloured |= *s->at == '\033';
		*s = oom_span_from(*s, oom_text_control_len(*s));
	}
}

/* The kernel's own marks behind whatever a relay put in front; @from: where the line began. */
static void take_kernel_marks(struct oom_span *s, struct oom_klog_line *line, const char *from,
	struct oom_klog_like *like)
{
	const char *begin = s->at;

	if (s->len && *s->at == 'm')
		take_repeated(s);
	if (take_priority(s, line) || take_facility(s, line))
		line->framed = true;
	if (s->len && *s->at == '\033')
		skip_terminal_noise(s, line);
	if (oom_klog_take_brackets(s, line)) {
		bool kernel = line->origin == OOM_ORIGIN_KERNEL && line->ident.at;

		line->framed = true;
		if (line->origin == OOM_ORIGIN_BARE)
			line->origin = OOM_ORIGIN_KERNEL;
		if (like && kernel && *begin == '[' && line->hour.at == from)
			oom_klog_like_learn(like, OOM_HEAD_IDENT_STAMP, from, begin, s->at, line);
	}
	if (line->framed)
		oom_klog_take_vendor_mark(s);
}

/* "[   12.345] host systemd[1]: ": journalctl -o short-monotonic */
static void take_journal_ident(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s, host, word, ident;

	/* a row of a task table */
	if (rest.len && *rest.at == '[')
		return;
	host = word = peek_word(rest);
	if (!host.len || host.len == rest.len)
		return;
	/* the host was cut off, or it is systemd's own word in the kernel's log: "systemd[1]: " */
	if (host.at[host.len - 1] == ':') {
		if (host.len < 2 || host.at[host.len - 2] != ']')
			return;
	} else {
		rest = oom_span_from(rest, host.len + 1);
		word = peek_word(rest);
	}
	if (!ident_of(word, &ident))
		return;
	/* "systemd[1]:" or "kernel:" and nothing else: the kernel prints "usb 1-1:" itself */
	if (ident.len + 1 == word.len && !is_kernel_ident(ident))
		return;
	line->ident = ident;
	if (!is_kernel_ident(ident))
		line->origin = OOM_ORIGIN_PROGRAM;
	else if (line->origin != OOM_ORIGIN_USER) /* a facility that is a program's says more */
		line->origin = OOM_ORIGIN_KERNEL;
	*s = oom_span_from(rest, word.len);
	oom_span_skip(s, OOM_SPAN(" "));
}

/* "> > [12.3] text" of a quoted mail, "    [12.3] text" of a report */
static void skip_indent(struct oom_span *s)
{
	struct oom_span rest = *s;

	while (rest.len && (*rest.at == '>' || *rest.at == ' ' || *rest.at == '\t'))
		rest = oom_span_from(rest, 1);
	if (rest.len && rest.at != s->at && (*rest.at == '[' || *rest.at == '<' || *s->at == '>'))
		*s = rest;
}

/* Behind "[  12.345678] " at the front of a line. */
static void take_behind_stamp(struct oom_span *s, struct oom_klog_line *line)
{
	take_journal_ident(s, line);
	if (line->hour.at || line->ident.at)
		take_kernel_marks(s, line, NULL, NULL); /* "[Tue …] [12.3] text" */
	else
		oom_klog_take_vendor_mark(s);
}

static void take_brackets_first(struct oom_span *s, struct oom_klog_line *line, const char *from,
	struct oom_klog_like *like)
{
	line->framed = true;
	if (s->len && *s->at == '\033')
		skip_terminal_noise(s, line);
	if (line->origin == OOM_ORIGIN_BARE)
		line->origin = OOM_ORIGIN_KERNEL;
	if (like && !line->hour.at && *from == '[')
		oom_klog_like_learn(like, OOM_HEAD_STAMP, from, from, s->at, line);
	take_behind_stamp(s, line);
}

static void take_clock_first(struct oom_span *s, struct oom_klog_line *line, enum oom_origin before,
	const char *from, struct oom_klog_like *like)
{
	line->framed = true;
	/* "Aug 12 03:54:03: text": a name was left out. A hypervisor's "|" comes first. */
	if (s->len > 1 && *s->at == ':' && s->at[1] == ' ' &&
		!memchr(s->at, '|', s->len < 20 ? s->len : 20))
		*s = oom_span_from(*s, 1);
	/* what the clock itself gave away as dmesg's has no name */
	if (line->origin == before &&
		(oom_klog_take_guest(s, line) || oom_klog_take_logcat(s, line) ||
			take_ident(s, line))) {
		if (line->origin != OOM_ORIGIN_KERNEL)
			return;
		if (like && line->ident.at && line->hour.at == from)
			oom_klog_like_learn(like, OOM_HEAD_IDENT, from, NULL, s->at, line);
		take_kernel_marks(s, line, from, like);
	} else {
		oom_span_skip(s, OOM_SPAN(" "));
		take_kernel_marks(s, line, from, NULL);
	}
}

/*
 * "kernel: ", "host kernel: ", "earlyoom[7]: ": a syslog whose clock was cut off. Names without a
 * number are left to be text.
 */
static bool take_name(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;

	for (int words = 0; words < 2; words++) {
		struct oom_span word = peek_word(rest), ident;

		rest = oom_span_from(rest, word.len + 1);
		if (ident_of(word, &ident)) {
			if (!is_kernel_ident(ident) && ident.len + 1 == word.len)
				return false;
			line->ident = ident;
			line->origin =
				is_kernel_ident(ident) ? OOM_ORIGIN_KERNEL : OOM_ORIGIN_PROGRAM;
			line->framed = true;
			*s = rest;
			return true;
		}
	}
	return false;
}

/* A front without a clock; true where nothing more can follow it. */
static bool take_clockless(struct oom_span *s, struct oom_klog_line *line)
{
	if (oom_klog_take_field(s, line) || oom_klog_take_logcat(s, line))
		return true;
	return !oom_klog_take_cut_stamp(s, line) && take_name(s, line) &&
		line->origin == OOM_ORIGIN_PROGRAM;
}

static void take_frame(struct oom_span *text, struct oom_klog_line *ret, struct oom_klog_like *like)
{
	struct oom_span s = *text;
	const char *from = s.at;
	enum oom_origin before;

	skip_terminal_noise(&s, ret);
	skip_indent(&s);
	if (s.len && *s.at == '<' && take_priority(&s, ret)) {
		ret->framed = true;
		oom_span_skip(&s, OOM_SPAN("1 ")); /* RFC 5424: version */
	}
	before = ret->origin;
	/* only what stands at the very front is learnt */
	if (s.at != from)
		like = NULL;
	if (s.len && *s.at == '[' && oom_klog_take_brackets(&s, ret))
		take_brackets_first(&s, ret, from, like);
	else if (oom_klog_take_clock(&s, ret))
		take_clock_first(&s, ret, before, from, like);
	else if (ret->framed || !take_clockless(&s, ret))
		take_kernel_marks(&s, ret, from, NULL);
	*text = s;
}

void oom_klog_frame_like(
	struct oom_klog_like *like, struct oom_span line, struct oom_klog_line *ret)
{
	struct oom_span s = line;
	const char *from = line.at;

	oom_span_trim_end(&s);
	switch (like ? oom_klog_like_take(like, &s, ret) : OOM_HEAD_NONE) {
	case OOM_HEAD_STAMP:
		take_behind_stamp(&s, ret);
		break;
	case OOM_HEAD_IDENT:
		take_kernel_marks(&s, ret, from, like);
		break;
	case OOM_HEAD_IDENT_STAMP:
		oom_klog_take_vendor_mark(&s);
		break;
	default:
		*ret = (struct oom_klog_line){.time_us = -1, .caller = -1};
		/* a record that another continues may end in a blank */
		if (line.len && oom_is_digit(*line.at) && take_kmsg(&line, ret)) {
			ret->framed = true;
			s = line;
			break;
		}
		take_frame(&s, ret, like);
		break;
	}
	if (s.len && *s.at == '\033')
		skip_terminal_noise(&s, ret);
	ret->text = s;
}

void oom_klog_frame(struct oom_span line, struct oom_klog_line *ret)
{
	oom_klog_frame_like(NULL, line, ret);
}

bool oom_klog_is_field(struct oom_span raw)
{
	struct oom_klog_line line;

	oom_klog_frame(raw, &line);
	return line.origin == OOM_ORIGIN_FIELD || oom_klog_is_short_field(raw);
}
