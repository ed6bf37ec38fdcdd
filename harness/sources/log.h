/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SOURCE_LOG_H
#define OOM_SOURCE_LOG_H

#include "harness/sources/log_kept.h"
#include "lib/kernel/kmsg.h"

/* The kernel log while it is read, from a marker of our own to another. Nothing here allocates. */
struct oom_log {
	struct oom_kmsg kmsg;
	struct oom_log_kept *kept;
	/* a record of the kernel's that tells of a kill or a warning; @text is without its head */
	void (*tell)(void *data, const char *text, uint64_t usec);
	void *data;

	const char *awaited; /* the marker that is to come; NULL: it came */
	struct oom_kmsg_head marker; /* of the one that came */
	bool begun, ended; /* the first marker was read back; the last was */
	int refused; /* why one could not be written: errno */
	int error; /* why the log could not be read on: errno */
	int64_t unread; /* where it did not end at its marker: records that are left; -1: not known */
	char record[OOM_KMSG_RECORD_BYTES + 1];
};

/* Reads at most @most records; whether there may be more now. */
bool oom_log_read(struct oom_log *log, unsigned most);
/* Reads up to @marker, which has been written, or the time (CLOCK_MONOTONIC); whether it came. */
bool oom_log_read_to(struct oom_log *log, const char *marker, uint64_t deadline_us);
/* Is all there from the first to the last marker? How many records are lost (-1: not known), and the sentence. */
enum oom_source_state oom_log_state(
	const struct oom_log *log, int64_t *ret_lost, char *note, size_t note_size);

#endif
