/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_H
#define OOM_KLOG_H

#include "lib/base/arena.h"
#include "lib/klog/part.h"
#include "lib/record/incident.h"
#include "lib/record/kill.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The kernel-log reader: one pass over a log of any length, in bounded memory (at most about 12 MiB,
 * and that only for a dump of 32768 tasks), in any mixture of the frames of lib/klog/frame.h.
 *
 * It is an iterator: oom_klog_next() hands out one event at a time, in the order of the log.
 */

/* Numbers about the whole log; valid at any time. */
struct oom_klog_counts {
	int64_t lines, bytes;
	int64_t quoted; /* kill texts that programs repeated: not counted as kills */
	int64_t imitations; /* kernel-like lines that were written by programs (facility not 0) */
	int64_t repeats; /* kills that were printed again */
	int64_t cut_lines; /* longer than the bound: their rest was skipped */
};

/*
 * Where the bytes come from. Up to @size bytes into @buf; 0: the end; -EAGAIN: nothing more for now
 * (then what waits for its end is handed out, and oom_klog_next() returns -EAGAIN, too); another
 * -errno ends the reading, and is handed on after the events of what was read.
 */
typedef ssize_t oom_klog_read(void *context, char *buf, size_t size);

struct oom_klog;
struct oom_arena;

enum oom_klog_flags {
	OOM_KLOG_BRIEF = 1 << 0, /* who was killed and by whom: no task tables, no memory picture */
};

/* -ENOMEM. */
int oom_klog_new(oom_klog_read *read, void *context, unsigned flags, struct oom_klog **ret);
struct oom_klog *oom_klog_free(struct oom_klog *log); /* takes NULL, returns NULL */

/* The next event, OOM_EVENT_END at the end, or -errno (-ENOMEM, or what read() returned). */
int oom_klog_next(struct oom_klog *log, const struct oom_incident **ret);

/* A copy of a kill and all it points to, in @arena. -ENOMEM. */
int oom_kill_copy(struct oom_arena *arena, const struct oom_kill *from, struct oom_kill *ret);

const struct oom_klog_counts *oom_klog_counts(const struct oom_klog *log);

/* Before the first oom_klog_next(): the log begins with line @line of another one, after @past (NULL: not known). */
void oom_klog_part_begin(struct oom_klog *log, int64_t line, const struct oom_klog_past *past);
/*
 * After OOM_EVENT_END: would @log have said the same, had it known @past? Then @past becomes what it is
 * behind this part; else it stays.
 */
bool oom_klog_part_join(const struct oom_klog *log, struct oom_klog_past *past);
/*
 * After -EAGAIN of oom_klog_next(), just before the line that opens the part: what was read up to here is known,
 * but it is not counted. @past: what is behind it, where that is known (NULL: what was read must do). False: a
 * broken-off line might go on in the next one.
 */
bool oom_klog_part_mark(struct oom_klog *log, const struct oom_klog_past *past);
/* What a reader knows that was told @past, or has read all: behind what it has read. */
void oom_klog_part_past(const struct oom_klog *log, struct oom_klog_past *ret);

#endif
