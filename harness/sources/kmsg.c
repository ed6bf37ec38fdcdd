// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/kmsg.h"
#include "harness/host/pages.h"
#include "harness/host/process.h"
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "harness/state/evidence.h"
#include "harness/state/owner.h"
#include "lib/base/cleanup.h"
#include "lib/base/span.h"
#include "lib/kernel/proc.h"
#include "lib/klog/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/*
 * The kernel's log, by sequence number, between two markers of our own. Records are kept whole as long
 * as there is room; after that only those that tell of a kill, so that a log storm cannot push out what
 * matters. What the kernel itself overwrote is counted as lost.
 */
enum {
	KEEP_BYTES = 1536 * 1024, /* some 100 whole OOM reports */
	CALIBRATE_MS = 500, /* at most so long for our own marker to come back */
	MOST_ANCESTORS = 32, /* a shell, podman, conmon, a container and what it runs are 6 */
	RESERVE_BYTES = 192 * 1024, /* of it, for records of kills alone */
	HEADER_BYTES =
		64 * 1024, /* of that, at most so much for who asked: a storm prints headers, too */
};

/* How much a record tells of who killed whom; the room that it may use goes up with that. */
enum weight { CONTEXT, HEADER, KILL };
static const size_t room_bytes[] = {
	[CONTEXT] = KEEP_BYTES - RESERVE_BYTES,
	[HEADER] = KEEP_BYTES - RESERVE_BYTES + HEADER_BYTES,
	[KILL] = KEEP_BYTES,
};

struct kmsg_source {
	struct oom_kmsg kmsg;
	char *kept;
	size_t used;
	uint64_t not_kept, kills_not_kept;
	char record[OOM_KMSG_RECORD_BYTES + 1];
};

static const char *const kill_words[] = {
	"illed process ",
	"oom-kill:",
	"going to be killed",
	"Manual OOM execution",
	"Kernel panic",
	"WARNING:",
	"BUG:",
};

static enum weight weight_of(const char *text)
{
	for (size_t i = 0; i < sizeof(kill_words) / sizeof(*kill_words); i++)
		if (strstr(text, kill_words[i]))
			return KILL;
	return strstr(text, " invoked oom-killer") ? HEADER : CONTEXT;
}

/* Whose the process is: a container has a session of its own, but its ancestors lead to who started it. */
static int kin_of(const struct oom_run_state *run, int pid, uint64_t time_us)
{
	int session = oom_proc_session(AT_FDCWD, pid);

	for (int depth = 0; depth < MOST_ANCESTORS && pid > 1; depth++) {
		if (oom_run_owner(run, pid, -1, NULL, time_us))
			return pid;
		pid = oom_proc_parent(AT_FDCWD, pid);
	}
	return session;
}

/* A kill while it is fresh: the dying process can still be asked for its kin. */
static void note_kill(struct oom_run_state *run, const char *text, uint64_t kernel_us)
{
	static const struct oom_span words = OOM_SPAN("illed process ");
	const char *at = strstr(text, words.at);
	struct oom_span number = {at, at ? strlen(at) : 0};
	struct oom_run_workload *owner;
	struct oom_seen_kill *seen;
	uint64_t time_us = run->log_offset_us == INT64_MIN
		? UINT64_MAX
		: (uint64_t)((int64_t)kernel_us + run->log_offset_us);
	int64_t value;
	int pid;

	if (!oom_span_skip(&number, words) || !oom_span_take_int(&number, &value) || value <= 0 ||
		value > INT_MAX || run->n_seen == OOM_SEEN_KILLS)
		return;
	pid = (int)value;
	seen = &run->seen[run->n_seen++];
	*seen = (struct oom_seen_kill){
		.pid = pid,
		.kin = kin_of(run, pid, time_us),
		.kernel_us = kernel_us,
		.seen_us = oom_monotonic_us(),
	};
	owner = oom_run_owner(run, pid, seen->kin, NULL, time_us);
	if (owner)
		owner->killed_seen = true;
}

static void kmsg_keep(struct kmsg_source *s, size_t len, enum weight weight)
{
	if (s->used + len > room_bytes[weight]) {
		s->not_kept++;
		s->kills_not_kept += weight == KILL;
		return;
	}
	memcpy(s->kept + s->used, s->record, len);
	s->used += len;
}

static void kmsg_ready(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;
	struct oom_kmsg_head head;
	long n;

	/* at most so many a turn: a storm must not keep the deadline from being served */
	for (int i = 0; i < 256; i++) {
		enum weight weight;
		const char *text;

		n = oom_kmsg_next(&s->kmsg, s->record, sizeof(s->record), &head);
		if (n <= 0)
			break;
		text = s->record + head.text_off;
		weight = head.prio < 8 ? weight_of(text) : CONTEXT;
		if (weight == KILL) {
			note_kill(slot->run, text, head.usec);
			oom_run_activity(slot->run);
		}
		kmsg_keep(s, (size_t)n, weight);
	}
}

/* Our own record tells how the log's clock and CLOCK_MONOTONIC relate. */
static void kmsg_calibrate(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;
	struct oom_run_state *run = slot->run;
	struct oom_kmsg_head head;
	struct pollfd fd = {.fd = s->kmsg.fd, .events = POLLIN};
	char marker[64];
	uint64_t before;

	snprintf(marker, sizeof(marker), "oomgate: begin %s", run->token);
	before = oom_monotonic_us();
	if (oom_kmsg_write(AT_FDCWD, "/dev/kmsg", 6, marker) < 0)
		return;
	for (int i = 0; i < 4096; i++) {
		long n = oom_kmsg_next(&s->kmsg, s->record, sizeof(s->record), &head);

		if (n < 0 || (n == 0 && poll(&fd, 1, CALIBRATE_MS) <= 0))
			return;
		if (n == 0 || !strstr(s->record + head.text_off, marker))
			continue;
		run->log_offset_us = (int64_t)before - (int64_t)head.usec;
		return;
	}
}

static int kmsg_open(struct oom_source_slot *slot, struct oom_err *err)
{
	struct kmsg_source *s = oom_arena_alloc(&slot->run->arena, sizeof(*s));
	struct oom_err why;

	if (!s)
		return oom_err_set(err, ENOMEM, "no memory for the kernel log's records");
	slot->priv = s;
	s->kmsg.fd = -1;
	if (oom_kmsg_open(AT_FDCWD, "/dev/kmsg", &why, &s->kmsg) < 0)
		return oom_source_absent(slot, "%s", why.msg);
	s->kept = oom_pages_take(KEEP_BYTES);
	if (!s->kept)
		return oom_err_set(err, ENOMEM, "no memory for the kernel log's records");
	kmsg_calibrate(slot);
	slot->watch.fd = s->kmsg.fd;
	return 0;
}

/* The raw records beside the parsed ones. They are read, whatever becomes of the copy. */
static void kmsg_write_out(struct oom_source_slot *slot, const struct kmsg_source *s)
{
	oom_autoclose int fd = oom_evidence_open(slot->run, "kmsg");
	ssize_t n = fd < 0 ? -1 : write(fd, s->kept, s->used);

	if (fd == -ENOENT || n == (ssize_t)s->used)
		return;
	snprintf(slot->note, sizeof(slot->note), "the raw records could not be kept: %s",
		strerror(fd < 0		? -fd
				: n < 0 ? errno
					: ENOSPC));
}

static bool warning_text(const char *text)
{
	static const char *const words[] = {
		"WARNING: ",
		"BUG: ",
		"Oops",
		"general protection fault",
		"watchdog: BUG",
		"blocked for more than",
		"rcu: INFO: ",
		"Bad page",
		"Kernel panic",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(text, words[i], strlen(words[i])) ||
			strstr(text, "blocked for more than"))
			return true;
	return false;
}

/* Warnings and fork rejections: records of the kernel's own facility between the markers. */
static int kmsg_scan(const struct kmsg_source *s, struct oom_attempt *record)
{
	const char *end = s->kept + s->used;

	for (const char *line = s->kept, *next; line < end; line = next) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		struct oom_kmsg_head head;
		const char *text;
		char buf[256];
		size_t len;

		next = eol ? eol + 1 : end;
		if (!oom_kmsg_head_parse(line, (size_t)(next - line), &head) || head.prio >= 8)
			continue;
		text = line + head.text_off;
		len = (size_t)((eol ? eol : end) - text);
		snprintf(buf, sizeof(buf), "%.*s", (int)(len < 255 ? len : 255), text);
		if (strstr(buf, "fork rejected by pids controller"))
			record->fork_rejected = true;
		if (warning_text(buf) &&
			oom_attempt_add_text(record, &record->warnings, &record->n_warnings, buf) <
				0)
			return -ENOMEM;
	}
	return 0;
}

static int kmsg_kills(const struct kmsg_source *s, struct oom_attempt *record)
{
	struct oom_kill *kills;
	size_t count;
	int r = oom_kills_from_kmsg(&record->arena, s->kept, s->used, &kills, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct oom_kill *kill = oom_attempt_add_kill(record);

		if (!kill)
			return -ENOMEM;
		*kill = kills[i];
	}
	return r;
}

static int kmsg_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct kmsg_source *s = slot->priv;
	int r;

	kmsg_ready(slot);
	slot->records = (int64_t)s->kmsg.records;
	slot->lost = (int64_t)s->kmsg.lost;
	if (s->kmsg.lost) {
		slot->state = OOM_SOURCE_LOST;
		snprintf(slot->note, sizeof(slot->note),
			"the kernel overwrote %llu records before they could be read (log_buf_len=)",
			(unsigned long long)s->kmsg.lost);
	} else if (s->kills_not_kept) {
		slot->state = OOM_SOURCE_LOST;
		slot->lost = (int64_t)s->kills_not_kept;
		snprintf(slot->note, sizeof(slot->note),
			"%llu records of kills were read, but there was no room for them",
			(unsigned long long)s->kills_not_kept);
	} else if (s->not_kept) {
		snprintf(slot->note, sizeof(slot->note), "%llu records read but not kept",
			(unsigned long long)s->not_kept);
	}
	r = kmsg_kills(s, record);
	if (r < 0)
		return r;
	r = kmsg_scan(s, record);
	kmsg_write_out(slot, s);
	return r;
}

static void kmsg_close(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;
	char marker[64];

	if (!s)
		return;
	if (s->kmsg.fd >= 0) {
		snprintf(marker, sizeof(marker), "oomgate: end %s", slot->run->token);
		oom_kmsg_write(AT_FDCWD, "/dev/kmsg", 6, marker);
		oom_kmsg_close(&s->kmsg);
	}
	oom_pages_give(s->kept, KEEP_BYTES);
}

const struct oom_source oom_source_kmsg = {
	.name = "kmsg",
	.help = "the kernel log by sequence number, between oomgate's markers",
	.epoll_events = EPOLLIN,
	.open = kmsg_open,
	.ready = kmsg_ready,
	.collect = kmsg_collect,
	.close = kmsg_close,
};
