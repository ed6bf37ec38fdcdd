/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SOURCE_LOG_KEPT_H
#define OOM_SOURCE_LOG_KEPT_H

#include "lib/record/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oom_kmsg_head;

/*
 * The records of a kernel log, whole, in a room of fixed size that is prepared beforehand: a storm cannot push out
 * what matters. As long as there is room all are kept; then those alone that tell of a kill, of who asked, or of a
 * warning; and where these need it, the others give way.
 */
struct oom_log_kept {
	char *text; /* mapped and touched; NULL: none */
	size_t used;
	bool full; /* records that are only context are no longer taken: a part of a report is worse than none */
	bool compacted; /* nothing is left that could give way */
	size_t whole_bytes; /* where .full: the reports that end within so much are whole */
	uint64_t left_out; /* records that were not kept, for want of room */
	uint64_t facts_left_out; /* of them those that tell of kills and warnings */
	bool last_counts; /* the last record was one of those: so is what continues it */
};

/* 0 or -ENOMEM; nothing after this allocates. */
int oom_log_kept_open(struct oom_log_kept *kept);
void oom_log_kept_close(struct oom_log_kept *kept);
/* Keeps a record of @len bytes whose text begins at @text_off. True: it tells of a kill, a warning or a refused fork. */
bool oom_log_kept_add(struct oom_log_kept *kept, const char *record, size_t len,
	const struct oom_kmsg_head *head);

/* What the kept records tell of: kills, warnings, refused forks. 0 or -ENOMEM. */
int oom_log_kept_tell(const struct oom_log_kept *kept, struct oom_attempt *record);

bool oom_is_refused_fork(const char *text);
/* Is a kernel's line (without its head) one of a warning, a bug, an oops, a lockup, a stall? */
bool oom_is_warning(const char *text);

#endif
