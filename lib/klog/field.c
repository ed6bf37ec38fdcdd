// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines that are one field of an entry that has many. */
#include "lib/klog/field.h"

#include "lib/klog/frame.h"

size_t oom_klog_field_name(struct oom_span s)
{
	size_t n = 0;

	while (n < s.len && n < 65 &&
		((s.at[n] >= 'A' && s.at[n] <= 'Z') || s.at[n] == '_' ||
			(n && oom_is_digit(s.at[n]))))
		n++;
	return n;
}

/* "MESSAGE=…" and "    _TRANSPORT=kernel": journal export, journalctl -o verbose */
static bool take_field(struct oom_span *s, struct oom_klog_line *line)
{
	struct oom_span rest = *s;
	size_t n;

	oom_span_skip_blanks(&rest);
	n = oom_klog_field_name(rest);
	if (n < 3 || n == rest.len || rest.at[n] != '=')
		return false;
	line->ident = (struct oom_span){rest.at, n};
	line->origin = OOM_ORIGIN_FIELD;
	line->framed = true;
	*s = oom_span_from(rest, n + 1);
	return true;
}

/* "\"MESSAGE\" : \"…\"," of json-pretty, "\"msg\": \"…\"" of dmesg --json: escapes stay in it */
static bool take_json_field(struct oom_span *s, struct oom_klog_line *line)
{
	static const struct oom_span keys[] = {OOM_SPAN("msg"), OOM_SPAN("time"), OOM_SPAN("fac"),
		OOM_SPAN("pri"), OOM_SPAN("MESSAGE"), OOM_SPAN("_TRANSPORT"),
		OOM_SPAN("SYSLOG_FACILITY"), OOM_SPAN("SYSLOG_IDENTIFIER"),
		OOM_SPAN("_SOURCE_MONOTONIC_TIMESTAMP"), OOM_SPAN("__REALTIME_TIMESTAMP")};
	struct oom_span rest = *s, key = {NULL, 0};

	oom_span_skip_blanks(&rest);
	if (!oom_span_skip(&rest, OOM_SPAN("\"")))
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !key.at; i++) {
		if (oom_span_starts(rest, keys[i]) && rest.len > keys[i].len &&
			rest.at[keys[i].len] == '"')
			key = (struct oom_span){rest.at, keys[i].len};
	}
	if (!key.at)
		return false;
	rest = oom_span_from(rest, key.len + 1);
	oom_span_skip_blanks(&rest);
	if (!oom_span_skip(&rest, OOM_SPAN(":")))
		return false;
	oom_span_skip_blanks(&rest);
	if (rest.len && rest.at[rest.len - 1] == ',')
		rest.len--;
	line->json = oom_span_skip(&rest, OOM_SPAN("\""));
	if (line->json && rest.len && rest.at[rest.len - 1] == '"')
		rest.len--;
	line->ident = key;
	line->origin = OOM_ORIGIN_FIELD;
	line->framed = true;
	*s = rest;
	return true;
}

bool oom_klog_take_field(struct oom_span *s, struct oom_klog_line *line)
{
	return take_field(s, line) || take_json_field(s, line);
}

bool oom_klog_is_short_field(struct oom_span raw)
{
	size_t n;

	oom_span_skip_blanks(&raw);
	n = oom_klog_field_name(raw);
	return n && n < 3 && n < raw.len && raw.at[n] == '=';
}
