// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/entry.h"

#include "lib/klog/json.h"
#include "lib/klog/stamp.h"

void oom_klog_entry_clear(struct oom_klog_entry *entry)
{
	entry->number = 0;
	entry->facility = entry->time_us = entry->realtime_us = -1;
	entry->message_len = entry->transport_len = entry->ident_len = 0;
	entry->has_message = entry->has_transport = entry->has_ident = entry->cut = false;
}

static size_t keep(char *to, size_t size, struct oom_span s, bool json)
{
	size_t len = s.len < size ? s.len : size;

	/* what an escape stands for is never longer than it is itself */
	if (json)
		return oom_klog_json_text(to, (struct oom_span){s.at, len});

	memcpy(to, s.at, len);
	return len;
}

static int64_t number_of(struct oom_span s)
{
	int64_t value;

	return oom_span_take_int(&s, &value) ? value : -1;
}

void oom_klog_entry_field(
	struct oom_klog_entry *entry, const struct oom_klog_line *line, int64_t number)
{
	struct oom_span key = line->ident;

	if (oom_span_is(key, OOM_SPAN("MESSAGE")) || oom_span_is(key, OOM_SPAN("msg"))) {
		entry->has_message = true;
		entry->number = number;
		entry->cut = line->text.len > sizeof(entry->message);
		entry->message_len =
			keep(entry->message, sizeof(entry->message), line->text, line->json);
	} else if (oom_span_is(key, OOM_SPAN("_TRANSPORT"))) {
		entry->has_transport = true;
		entry->transport_len =
			keep(entry->transport, sizeof(entry->transport), line->text, line->json);
	} else if (oom_span_is(key, OOM_SPAN("SYSLOG_IDENTIFIER"))) {
		entry->has_ident = true;
		entry->ident_len = keep(entry->ident, sizeof(entry->ident), line->text, line->json);
	} else if (oom_span_is(key, OOM_SPAN("SYSLOG_FACILITY"))) {
		entry->facility = oom_klog_facility(line->text);
	} else if (oom_span_is(key, OOM_SPAN("fac"))) {
		entry->facility = oom_span_starts(line->text, OOM_SPAN("kern")) ? 0 : 1;
	} else if (oom_span_is(key, OOM_SPAN("_SOURCE_MONOTONIC_TIMESTAMP"))) {
		entry->time_us = number_of(line->text);
	} else if (oom_span_is(key, OOM_SPAN("__REALTIME_TIMESTAMP"))) {
		entry->realtime_us = number_of(line->text);
	} else if (oom_span_is(key, OOM_SPAN("time"))) {
		struct oom_klog_line stamp = {.time_us = -1};
		char text[40];
		struct oom_span bracket = {text, 0};

		if (line->text.len < sizeof(text) - 2) {
			text[0] = '[';
			memcpy(text + 1, line->text.at, line->text.len);
			text[line->text.len + 1] = ']';
			bracket.len = line->text.len + 2;
			if (oom_klog_take_brackets(&bracket, &stamp))
				entry->time_us = stamp.time_us;
		}
	}
}

bool oom_klog_entry_line(struct oom_klog_entry *entry, struct oom_klog_line *ret)
{
	struct oom_span transport = {
		entry->has_transport ? entry->transport : NULL, entry->transport_len};
	struct oom_span ident = {entry->has_ident ? entry->ident : NULL, entry->ident_len};

	if (!entry->has_message)
		return false;
	*ret = (struct oom_klog_line){
		.text = {entry->message, entry->message_len},
		.origin = OOM_ORIGIN_KERNEL, /* dmesg --json has nobody else's */
		.time_us = entry->time_us,
		.caller = -1,
		.framed = true,
		.hour = oom_klog_hour(entry->realtime_us, entry->hour, sizeof(entry->hour)),
	};
	oom_klog_journal_origin(transport, entry->facility, ident, ret);
	return true;
}
