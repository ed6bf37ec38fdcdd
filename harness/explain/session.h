/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_SESSION_H
#define OOM_EXPLAIN_SESSION_H

#include "harness/explain/explain.h"
#include "lib/base/arena.h"
#include "lib/klog/part.h"

/* A log, or a part of one, being told in one form. */
struct explain_session {
	const struct explain_format *format;
	struct explain_writer *writer;
	struct explain_notes panics, unfinished, signals, unrecognised;
	struct oom_arena arena; /* of the kill that is told */
	int64_t kills;
	int64_t first_line; /* what is before that is another's to tell */
};

/* Reads @source to its end, by several readers where that can be; kills go to the writer, the rest is kept in
 * @s. 0, or -errno of the source. */
int explain_read(struct explain_session *s, const struct explain_source *source,
	struct oom_klog_counts *ret_counts);
/* One reader's part of that. 0, or -errno; of a part, -EAGAIN where it begins. */
int explain_session_read(struct explain_session *s, struct oom_klog *log);
/* What @from has kept, its lines @shift further on; @from is empty afterwards, but for its writer. */
void explain_session_take(struct explain_session *to, struct explain_session *from, int64_t shift);
void explain_session_release(struct explain_session *s);
void explain_counts_add(struct oom_klog_counts *to, const struct oom_klog_counts *more);

/*
 * explain_parts.c: reads the regular file @fd by several readers at once, as far as that is certain to be what
 * one reader would have said. *@ret_end is how far that is (0: nothing was read), @past what a reader must know
 * that goes on from there. 1: to its end, 0: one reader must go on, or -errno.
 */
int explain_read_parts(struct explain_session *s, int fd, struct oom_klog_past *past,
	struct oom_klog_counts *counts, off_t *ret_end);

#endif
