// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/log.h"

#include "harness/host/process.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Facility user: no program can write one of the kernel's, and the marker shall not look like it. */
static bool is_marker(const struct oom_log *log, const struct oom_kmsg_head *head)
{
	const char *text = log->record + head->text_off;
	size_t len = log->awaited ? strlen(log->awaited) : 0;

	return len && head->prio >= 8 && !strncmp(text, log->awaited, len) && text[len] == '\n';
}

/* One record: 1, 0 where there is none now, or an error that stays. */
static int read_one(struct oom_log *log)
{
	struct oom_kmsg_head head;
	long n = oom_kmsg_next(&log->kmsg, log->record, sizeof(log->record), &head);

	if (n <= 0) {
		log->error = n < 0 ? (int)-n : 0;
		return (int)n;
	}
	if (oom_log_kept_add(log->kept, log->record, (size_t)n, &head) && head.prio < 8 &&
		log->tell)
		log->tell(log->data, log->record + head.text_off, head.usec);
	if (is_marker(log, &head)) {
		log->marker = head;
		log->awaited = NULL;
	}
	return 1;
}

bool oom_log_read(struct oom_log *log, unsigned most)
{
	while (most-- && !log->error)
		if (read_one(log) <= 0)
			return false;
	return !log->error;
}

bool oom_log_read_to(struct oom_log *log, const char *marker, uint64_t deadline_us)
{
	struct pollfd fd = {.fd = log->kmsg.fd, .events = POLLIN};

	log->awaited = marker;
	while (log->awaited && !log->error) {
		uint64_t now = oom_monotonic_us();

		if (now >= deadline_us)
			break;
		if (!read_one(log))
			poll(&fd, 1, (int)((deadline_us - now) / 1000 + 1));
	}
	return !log->awaited;
}

static void say_unended(const struct oom_log *log, char *note, size_t size)
{
	const char *end = log->begun ? "last" : "first";

	if (log->error)
		snprintf(note, size, "the kernel log cannot be read on: %s", strerror(log->error));
	else if (log->refused)
		snprintf(note, size,
			"oomgate's own %s record could not be written, so nothing proves that the log "
			"was read to its end: %s",
			end, strerror(log->refused));
	else if (log->unread > 0)
		snprintf(
			note, size, "%" PRId64 " records were left unread at its end", log->unread);
	else
		snprintf(note, size,
			"oomgate's own %s record was not read back (printk.devkmsg=off?)", end);
}

enum oom_source_state oom_log_state(
	const struct oom_log *log, int64_t *ret_lost, char *note, size_t note_size)
{
	const struct oom_log_kept *kept = log->kept;
	bool whole = log->begun && log->ended && !log->error;
	int64_t lost = (int64_t)(log->kmsg.lost + kept->facts_left_out);

	*ret_lost = whole ? lost : -1;
	if (!whole && log->unread >= 0 && !log->error && !log->refused)
		*ret_lost = lost + log->unread;
	if (log->kmsg.lost)
		snprintf(note, note_size,
			"the kernel overwrote %" PRIu64
			" records before they could be read (log_buf_len=)",
			log->kmsg.lost);
	else if (!whole)
		say_unended(log, note, note_size);
	else if (kept->facts_left_out)
		snprintf(note, note_size,
			"%" PRIu64 " records of kills and warnings were read, but there was no "
			"room for them",
			kept->facts_left_out);
	else if (kept->left_out)
		snprintf(note, note_size,
			"all was read; %" PRIu64
			" records are not in the evidence file, for want of "
			"room",
			kept->left_out);
	return whole && !lost ? OOM_SOURCE_OK : OOM_SOURCE_LOST;
}
