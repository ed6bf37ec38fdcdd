/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_FRAME_H
#define OOM_KLOG_FRAME_H

#include "lib/base/span.h"

/*
 * What a logger put around a line, taken off again. Each line is judged by itself: logs are pasted,
 * merged and rotated together. Known by shape: dmesg ("[secs]", "[secs][Tpid]", "<n>[secs]", -T and
 * -x in any language), syslog of any locale and RFC, journal text, raw /dev/kmsg, a hypervisor's
 * record of its guest's console, journal JSON and the field lines of journal export.
 */

enum oom_origin {
	OOM_ORIGIN_BARE, /* no frame: text of whoever wrote it */
	OOM_ORIGIN_KERNEL,
	OOM_ORIGIN_PROGRAM, /* .ident says which */
	OOM_ORIGIN_USER, /* in the kernel's log, but written there by a program (facility not 0) */
	OOM_ORIGIN_FIELD, /* a field line of an entry that has many: .ident is its name */
};

struct oom_klog_line {
	struct oom_span text; /* what was logged, without blanks at the end */
	enum oom_origin origin;
	struct oom_span ident; /* of a program, without "[pid]" */
	unsigned marks; /* of .text (lib/klog/scan.h) */
	int64_t time_us; /* the kernel's clock; -1 */
	struct oom_span hour; /* the wall clock as written, up to the hour; .at NULL: none */
	int64_t caller; /* thread that logged it ("[T123]", "caller=T123"); -1 */
	bool framed; /* something was taken off: not the broken-off rest of another line */
	bool escaped; /* every byte may be escaped as in /dev/kmsg */
	bool json; /* of a FIELD: .text has the escapes of a JSON string */
	bool continues; /* a "c" record: goes on from the record before */
	bool coloured; /* escape sequences may stand anywhere in .text */
	bool kmsg; /* a record of /dev/kmsg */
};

/* Takes the frame off @line (no line feed). Strings point into @line. */
void oom_klog_frame(struct oom_span line, struct oom_klog_line *ret);

/* How far the front of a line goes that is taken for the same as one before. */
enum oom_klog_head {
	OOM_HEAD_NONE,
	OOM_HEAD_STAMP, /* "[  12.345678] " */
	OOM_HEAD_IDENT, /* "Aug 12 03:54:03 host kernel: " */
	OOM_HEAD_IDENT_STAMP, /* "Aug 12 03:54:03 host kernel: [  12.345678] " */
};

/*
 * The front of a line: another one that has the same bytes, but for the digits of its time, is framed
 * alike, and need not be taken apart. Zero-initialised, it knows nothing.
 */
struct oom_klog_like {
	size_t len; /* 0: nothing is known */
	enum oom_klog_head head;
	struct oom_klog_line line;
	uint8_t hour_len, guest_end, ident_at, sec_at, sec_len, frac_at, frac_len;
	char base[64];
	uint8_t vary[64]; /* 0xff: any digit will do */
	uint8_t any[64]; /* 0xff: behind the front */
};

/* oom_klog_frame() for one line of many: @like is used, and learns. */
void oom_klog_frame_like(
	struct oom_klog_like *like, struct oom_span line, struct oom_klog_line *ret);

/* Pieces, shared by the shapes of frames; each takes what it knows off the front of @s. */

/* Is the line a field, within an entry? */
bool oom_klog_is_field(struct oom_span raw);

#endif
