// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/kmsg.h"
#include "harness/host/process.h"
#include "harness/sources/log.h"
#include "harness/sources/marker.h"
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "harness/state/evidence.h"
#include "harness/state/owner.h"
#include "lib/base/cleanup.h"
#include "lib/base/span.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/*
 * The kernel's log, by sequence number, read all the time from a marker of our own to another that is written when
 * the run has settled and read back. What the kernel itself overwrote is counted as lost.
 */
enum {
	TURN_RECORDS = 512, /* a storm must not keep the deadline from being served */
	BEGIN_US = 1000000, /* at most so long for our first marker to come back */
	END_US = 10000000, /* and for the last, with all that is before it: 16M of buffer */
	MOST_ANCESTORS = 32, /* a shell, podman, conmon, a container and what it runs are 6 */
	LEVEL_INFO = 6,
};

struct kmsg_source {
	struct oom_log log;
	struct oom_log_kept kept;
};

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

static void kmsg_tell(void *data, const char *text, uint64_t usec)
{
	struct oom_run_state *run = data;

	note_kill(run, text, usec);
	oom_run_activity(run);
}

static void kmsg_ready(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;

	oom_log_read(&s->log, TURN_RECORDS);
}

/*
 * Writes a marker and reads up to it. How the log's clock and CLOCK_MONOTONIC relate: the record was stamped while
 * it was written.
 */
static bool kmsg_mark(struct kmsg_source *s, const char *word, uint64_t timeout_us,
	int64_t *ret_offset_us, int64_t *ret_error_us)
{
	uint64_t before = oom_monotonic_us(), after;
	char marker[OOM_MARKER_BYTES];

	oom_marker_make(word, marker);
	s->log.refused = -oom_kmsg_write(AT_FDCWD, "/dev/kmsg", LEVEL_INFO, marker);
	after = oom_monotonic_us();
	if (s->log.refused || !oom_log_read_to(&s->log, marker, after + timeout_us))
		return false;
	*ret_offset_us = (int64_t)before - (int64_t)s->log.marker.usec;
	*ret_error_us = (int64_t)(after - before);
	return true;
}

static void kmsg_begin(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;
	struct oom_run_state *run = slot->run;

	s->log.begun =
		kmsg_mark(s, "begin", BEGIN_US, &run->log_offset_us, &run->log_offset_error_us);
}

static int kmsg_open(struct oom_source_slot *slot, struct oom_err *err)
{
	struct kmsg_source *s = oom_arena_alloc(&slot->run->arena, sizeof(*s));
	struct oom_err why;

	if (!s)
		return oom_err_set(err, ENOMEM, "no memory for the kernel log's records");
	slot->priv = s;
	s->log = (struct oom_log){.kmsg.fd = -1,
		.kept = &s->kept,
		.tell = kmsg_tell,
		.data = slot->run,
		.unread = -1};
	if (oom_kmsg_open(AT_FDCWD, "/dev/kmsg", &why, &s->log.kmsg) < 0)
		return oom_source_absent(slot, "%s", why.msg);
	if (oom_log_kept_open(&s->kept) < 0)
		return oom_err_set(err, ENOMEM, "no memory for the kernel log's records");
	kmsg_begin(slot);
	slot->watch.fd = s->log.kmsg.fd;
	return 0;
}

/* The raw records beside the parsed ones. They are read, whatever becomes of the copy. */
static void kmsg_write_out(struct oom_source_slot *slot, const struct kmsg_source *s)
{
	oom_autoclose int fd = oom_evidence_open(slot->run, "kmsg");
	ssize_t n = fd < 0 ? -1 : write(fd, s->kept.text, s->kept.used);

	if (fd == -ENOENT || n == (ssize_t)s->kept.used)
		return;
	snprintf(slot->note, sizeof(slot->note), "the raw records could not be kept: %s",
		strerror(fd < 0		? -fd
				: n < 0 ? errno
					: ENOSPC));
}

/* How many records are left, by the number of one that comes now; -1: not to be had. */
static int64_t kmsg_unread(const struct oom_kmsg *kmsg)
{
	char record[OOM_KMSG_RECORD_BYTES + 1];
	struct oom_kmsg_head head;
	struct oom_kmsg end;
	struct oom_err err;
	int64_t left = -1;

	if (!kmsg->any || oom_kmsg_open(AT_FDCWD, "/dev/kmsg", &err, &end) < 0)
		return -1;
	if (!oom_kmsg_write(AT_FDCWD, "/dev/kmsg", LEVEL_INFO, "oomgate: how long is the log?") &&
		oom_kmsg_next(&end, record, sizeof(record), &head) > 0)
		left = (int64_t)(head.seq - kmsg->next_seq);
	oom_kmsg_close(&end);
	return left;
}

/* The end: all up to a last marker. It tells, too, how far the two clocks went apart. */
static void kmsg_end(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;
	struct oom_run_state *run = slot->run;
	int64_t offset_us, error_us;

	if (!s->log.begun)
		return;
	s->log.ended = kmsg_mark(s, "end", END_US, &offset_us, &error_us);
	if (!s->log.ended) {
		s->log.unread = kmsg_unread(&s->log.kmsg);
		return;
	}
	run->log_offset_error_us += error_us + llabs(offset_us - run->log_offset_us);
}

static int kmsg_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct kmsg_source *s = slot->priv;
	int r;

	kmsg_end(slot);
	slot->records = (int64_t)s->log.kmsg.records;
	slot->state = oom_log_state(&s->log, &slot->lost, slot->note, sizeof(slot->note));
	r = oom_log_kept_tell(&s->kept, record);
	if (r >= 0)
		kmsg_write_out(slot, s);
	return r;
}

static void kmsg_close(struct oom_source_slot *slot)
{
	struct kmsg_source *s = slot->priv;

	if (!s)
		return;
	if (s->log.kmsg.fd >= 0)
		oom_kmsg_close(&s->log.kmsg);
	oom_log_kept_close(&s->kept);
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
