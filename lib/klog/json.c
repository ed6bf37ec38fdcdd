// SPDX-License-Identifier: LGPL-2.1-or-later
/* One line, one object: journalctl -o json, and what log shippers make of a line. */
#include "lib/klog/json.h"

#include "lib/klog/frame.h"

#include <stdio.h>
#include <time.h>

struct reader {
	struct oom_span s; /* what is left */
	char *out; /* where the next text goes */
};

struct entry {
	struct oom_span message, transport, ident, comm;
	int64_t facility, time_us, realtime_us;
};

static void put_utf8(struct reader *r, uint32_t code)
{
	if (code < 0x80) {
		*r->out++ = (char)code;
	} else if (code < 0x800) {
		*r->out++ = (char)(0xc0 | code >> 6);
		*r->out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*r->out++ = (char)(0xe0 | code >> 12);
		*r->out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*r->out++ = (char)(0x80 | (code & 0x3f));
	}
}

/* One escape behind its backslash. What it stands for is never longer than it is itself. */
static bool take_escape(struct reader *r)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	char c = *r->s.at;
	const char *hit;

	r->s = oom_span_from(r->s, 1);
	if (c == 'u') {
		struct oom_span hex = {r->s.at, 4};
		int64_t code;

		if (r->s.len < 4 || !oom_span_take_hex(&hex, &code) || hex.len)
			return false;
		r->s = oom_span_from(r->s, 4);
		put_utf8(r, (uint32_t)code);
		return true;
	}
	hit = memchr(from, c, sizeof(from) - 1);
	*r->out++ = hit ? to[hit - from] : c;
	return true;
}

/* A string behind its opening quotation mark. */
static bool take_string(struct reader *r, struct oom_span *ret)
{
	char *start = r->out;

	while (r->s.len) {
		char c = *r->s.at;

		r->s = oom_span_from(r->s, 1);
		if (c == '"') {
			*ret = (struct oom_span){start, (size_t)(r->out - start)};
			return true;
		}
		if (c != '\\')
			*r->out++ = c;
		else if (!r->s.len || !take_escape(r))
			return false;
	}
	return false;
}

size_t oom_klog_json_text(char *dst, struct oom_span raw)
{
	struct reader r = {raw, dst};

	while (r.s.len) {
		char c = *r.s.at;

		r.s = oom_span_from(r.s, 1);
		if (c != '\\')
			*r.out++ = c;
		else if (!r.s.len || !take_escape(&r))
			break;
	}
	return (size_t)(r.out - dst);
}

/* "[79,117,116]": the journal's way with bytes that are no UTF-8 */
static bool take_bytes(struct reader *r, struct oom_span *ret)
{
	char *start = r->out;
	int64_t byte;

	for (;;) {
		oom_span_skip_blanks(&r->s);
		if (oom_span_skip(&r->s, OOM_SPAN("]")))
			break;
		if (!oom_span_take_int(&r->s, &byte) || byte < 0 || byte > 255)
			return false;
		*r->out++ = (char)byte;
		oom_span_skip_blanks(&r->s);
		oom_span_skip(&r->s, OOM_SPAN(","));
	}
	*ret = (struct oom_span){start, (size_t)(r->out - start)};
	return true;
}

/* Anything else: a number, a word, an object or array within. */
static bool skip_value(struct reader *r, struct oom_span *ret)
{
	const char *start = r->s.at;
	int depth = 0;

	while (r->s.len) {
		char c = *r->s.at;

		if (!depth && (c == ',' || c == '}'))
			break;
		r->s = oom_span_from(r->s, 1);
		if (c == '"') {
			struct reader inner = {r->s, r->out};
			struct oom_span ignored;

			if (!take_string(&inner, &ignored))
				return false;
			r->s = inner.s;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	*ret = (struct oom_span){start, (size_t)(r->s.at - start)};
	oom_span_trim_end(ret);
	return true;
}

static int64_t number_of(struct oom_span s)
{
	int64_t value;

	return oom_span_take_int(&s, &value) && !s.len ? value : -1;
}

int64_t oom_klog_facility(struct oom_span value)
{
	int64_t facility;

	return oom_span_is_number(value, &facility) && facility <= 127 ? facility : 1;
}

static void take_member(struct entry *entry, struct oom_span key, struct oom_span value)
{
	if (oom_span_is(key, OOM_SPAN("MESSAGE")))
		entry->message = value;
	else if (oom_span_is(key, OOM_SPAN("_TRANSPORT")))
		entry->transport = value;
	else if (oom_span_is(key, OOM_SPAN("SYSLOG_FACILITY")))
		entry->facility = oom_klog_facility(value);
	else if (oom_span_is(key, OOM_SPAN("SYSLOG_IDENTIFIER")))
		entry->ident = value;
	else if (oom_span_is(key, OOM_SPAN("_COMM")))
		entry->comm = value;
	else if (oom_span_is(key, OOM_SPAN("_SOURCE_MONOTONIC_TIMESTAMP")))
		entry->time_us = number_of(value);
	else if (oom_span_is(key, OOM_SPAN("__REALTIME_TIMESTAMP")))
		entry->realtime_us = number_of(value);
	else if (!entry->message.at &&
		(oom_span_is(key, OOM_SPAN("message")) || oom_span_is(key, OOM_SPAN("msg")) ||
			oom_span_is(key, OOM_SPAN("log"))))
		entry->message = value;
}

static bool take_object(struct reader *r, struct entry *entry)
{
	oom_span_skip_blanks(&r->s);
	if (!oom_span_skip(&r->s, OOM_SPAN("{")))
		return false;
	for (;;) {
		struct oom_span key, value;
		bool ok;

		oom_span_skip_blanks(&r->s);
		if (oom_span_skip(&r->s, OOM_SPAN("}")))
			return true;
		if (!oom_span_skip(&r->s, OOM_SPAN("\"")) || !take_string(r, &key))
			return false;
		oom_span_skip_blanks(&r->s);
		if (!oom_span_skip(&r->s, OOM_SPAN(":")))
			return false;
		oom_span_skip_blanks(&r->s);
		if (oom_span_skip(&r->s, OOM_SPAN("\"")))
			ok = take_string(r, &value);
		else if (oom_span_is(key, OOM_SPAN("MESSAGE")) &&
			oom_span_skip(&r->s, OOM_SPAN("[")))
			ok = take_bytes(r, &value);
		else
			ok = skip_value(r, &value);
		if (!ok)
			return false;
		take_member(entry, key, value);
		oom_span_skip_blanks(&r->s);
		oom_span_skip(&r->s, OOM_SPAN(","));
	}
}

/* Who wrote it: what the journal vouches for (_TRANSPORT), not what the writer claims. */
void oom_klog_journal_origin(struct oom_span transport, int64_t facility, struct oom_span ident,
	struct oom_klog_line *line)
{
	bool kernel_name = oom_span_is(ident, OOM_SPAN("kernel"));

	line->ident = ident;
	if (transport.at && !oom_span_is(transport, OOM_SPAN("kernel")))
		line->origin = kernel_name ? OOM_ORIGIN_USER : OOM_ORIGIN_PROGRAM;
	else if (facility > 0)
		line->origin = OOM_ORIGIN_USER;
	else if (transport.at || kernel_name)
		line->origin = OOM_ORIGIN_KERNEL;
	else if (ident.at)
		line->origin = OOM_ORIGIN_PROGRAM;
}

struct oom_span oom_klog_hour(int64_t realtime_us, char *buf, size_t size)
{
	time_t sec = (time_t)(realtime_us / 1000000);
	struct tm tm;
	size_t n = 0;

	if (realtime_us > 0 && gmtime_r(&sec, &tm))
		n = strftime(buf, size, "%Y-%m-%d %H", &tm);
	return (struct oom_span){n ? buf : NULL, n};
}

bool oom_klog_frame_json(struct oom_span text, char *scratch, struct oom_klog_line *ret)
{
	struct reader r = {text, scratch};
	struct entry entry = {.facility = -1, .time_us = -1, .realtime_us = -1};
	struct oom_span hour;

	if (!take_object(&r, &entry) || !entry.message.at)
		return false;
	oom_span_trim_end(&entry.message);
	if (!entry.transport.at && !entry.ident.at) {
		/* a shipper's wrapping of a line: the line has its own frame */
		oom_klog_frame(entry.message, ret);
		return true;
	}
	*ret = (struct oom_klog_line){
		.text = entry.message, .time_us = entry.time_us, .caller = -1, .framed = true};
	oom_klog_journal_origin(
		entry.transport, entry.facility, entry.ident.at ? entry.ident : entry.comm, ret);
	/* the message needed less room than its object: there is room for the hour */
	hour = oom_klog_hour(entry.realtime_us, r.out, 16);
	ret->hour = hour;
	return true;
}
