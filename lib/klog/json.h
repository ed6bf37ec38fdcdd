/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_JSON_H
#define OOM_KLOG_JSON_H

#include "lib/klog/frame.h"

/* What SYSLOG_FACILITY says: what is no facility (0 to 127, nothing behind it) is not the kernel's: 1. */
int64_t oom_klog_facility(struct oom_span value);
/*
 * The same for one line of journal JSON; texts are unescaped into @scratch (at least line.len
 * bytes). False when it is no JSON object with a message.
 */
bool oom_klog_frame_json(struct oom_span line, char *scratch, struct oom_klog_line *ret);
/* "2025-08-12 03" (UTC) in @buf. */
struct oom_span oom_klog_hour(int64_t realtime_us, char *buf, size_t size);
/*
 * Who wrote a journal entry: what the journal vouches for (_TRANSPORT), not what the writer claims.
 * @facility -1: not said. Sets .origin and .ident; .origin stays where nothing is known.
 */
void oom_klog_journal_origin(struct oom_span transport, int64_t facility, struct oom_span ident,
	struct oom_klog_line *line);
/* The text of a JSON string without its quotation marks; @dst holds raw.len bytes. Its length. */
size_t oom_klog_json_text(char *dst, struct oom_span raw);

#endif
