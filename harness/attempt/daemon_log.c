// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/daemon_log.h"

#include "lib/base/span.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>

enum { MOST_ENTRIES = 500 };

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool oom_line_has(const char *line, size_t len, const char *word)
{
	struct oom_span rest = {line, len}, what = {word, strlen(word)};

	while (what.len) {
		ptrdiff_t at = oom_span_find(rest, what);
		size_t end = (size_t)at + what.len;

		if (at < 0)
			return false;
		if ((rest.at + at == line || !is_word_char(rest.at[at - 1])) &&
			(end == rest.len || !is_word_char(rest.at[end])))
			return true;
		rest = oom_span_from(rest, (size_t)at + 1);
	}
	return false;
}

static bool is_about(struct oom_span line, const char *pid, const char *const *names)
{
	if (oom_line_has(line.at, line.len, pid))
		return true;
	for (; *names; names++)
		if (oom_line_has(line.at, line.len, *names))
			return true;
	return false;
}

/* It did it, or is about to: rather than a list of what it looked at. */
static bool is_deed(struct oom_span line)
{
	return oom_span_find(line, OOM_SPAN("illed ")) >= 0 ||
		oom_span_find(line, OOM_SPAN("ending SIG")) >= 0;
}

static bool find_line(
	sd_journal *journal, const char *pid, const char *const *names, char *buf, size_t size)
{
	bool found = false;

	for (int i = 0; i < MOST_ENTRIES && sd_journal_next(journal) > 0; i++) {
		struct oom_span line;
		const void *data;
		size_t len;

		if (sd_journal_get_data(journal, "MESSAGE", &data, &len) < 0)
			continue;
		line = (struct oom_span){data, len};
		if (!oom_span_skip(&line, OOM_SPAN("MESSAGE=")) || !is_about(line, pid, names) ||
			(found && !is_deed(line)))
			continue;
		found = true;
		snprintf(buf, size, "%.*s", (int)line.len, line.at);
		if (is_deed(line))
			break;
	}
	return found;
}

bool oom_daemon_log(const struct oom_signal_rec *sent, const char *const *names, uint64_t since_us,
	char *buf, size_t size)
{
	sd_journal *journal = NULL;
	char match[40], pid[24];
	bool found;

	if (sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY) < 0)
		return false;
	snprintf(match, sizeof(match), "_PID=%" PRId64, sent->sender_pid);
	snprintf(pid, sizeof(pid), "%" PRId64, sent->target_pid);
	found = sd_journal_add_match(journal, match, 0) >= 0 &&
		sd_journal_seek_realtime_usec(journal, since_us) >= 0 &&
		find_line(journal, pid, names, buf, size);
	sd_journal_close(journal);
	return found;
}
