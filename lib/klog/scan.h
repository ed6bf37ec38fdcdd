/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_SCAN_H
#define OOM_KLOG_SCAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first place in [@from, @end) that may belong to a line about killing: "kill" in any case, but
 * no "kill_" of a stack trace, "panic", "OOM". @end when there is none. Adds to *@newlines the line
 * feeds before that place. Up to 3 bytes before @from are not looked at: begin at a line's start.
 */
const char *oom_klog_scan(const char *from, const char *end, int64_t *newlines);

/* What one pass over a line's text finds out for all who would look for it. */
enum {
	OOM_MARK_SPEAKS = 1 << 0, /* a place that oom_klog_scan() would stop at */
	OOM_MARK_ESCAPE = 1 << 1, /* a backslash or '#' */
	OOM_MARK_BRACKET = 1 << 2, /* '[' */
	OOM_MARK_LINE_FEED = 1 << 3, /* a record of many lines */
	OOM_MARK_CODE = 1 << 4, /* "+0x": a line of a stack trace */
	OOM_MARK_KNOWN = 1 << 5, /* they were looked for */
};
unsigned oom_klog_marks(const char *from, const char *end);
/* The first line feed in [@from, @end) and the marks of the line before it; NULL: there is none, and
 * *@ret_marks is not set. */
const char *oom_klog_line_end(const char *from, const char *end, unsigned *ret_marks);

/* Line feeds in [@from, @end). */
int64_t oom_klog_count_lines(const char *from, const char *end);

#endif
