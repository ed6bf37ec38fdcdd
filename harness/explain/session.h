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

/* One reader's part of that. 0, or -errno; of a part, -EAGAIN where it begins. */
int explain_session_read(struct explain_session *s, struct oom_klog *log);
/* What @from has kept, its lines @shift further on; @from is empty afterwards, but for its writer. */
void explain_session_take(struct explain_session *to, struct explain_session *from, int64_t shift);
void explain_session_release(struct explain_session *s);
void explain_counts_add(struct oom_klog_counts *to, const struct oom_klog_counts *more);

#endif
