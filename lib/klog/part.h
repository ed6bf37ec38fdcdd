/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_PART_H
#define OOM_KLOG_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A log that several readers read, each a part of it. Parts begin at a line that opens a report ("x invoked
 * oom-killer"), and a reader begins OOM_PART_BEFORE lines before its part: what it keeps in mind of lines is no
 * older than that. What is older are deaths, which may be printed again: whether a reader that did not know those
 * of the parts before would have read its own part in another way can be told afterwards.
 */

/* The longest that a line is kept in mind: entries of many lines, a daemon's tale. */
#define OOM_PART_BEFORE 2100

/* Kills that may be printed again; the kernel repeats one within a report or two. */
#define OOM_RECENT 64

struct oom_recent {
	int64_t pid, time_us;
	uint64_t name; /* hash of comm and of the day as written */
};

/* The deaths that a reader has seen last. Zero-initialised but for last_us: none (oom_klog_past_init()). */
struct oom_klog_past {
	struct oom_recent recent[OOM_RECENT]; /* a ring: slot n % OOM_RECENT is the next */
	size_t n_recent; /* since the clock last went back */
	int64_t last_us; /* the kernel's clock at the last of them, -1 */
};

/* How long a death may be told again, by the kernel's clock. */
#define OOM_PAST_US (INT64_C(600) * 1000000)

struct oom_klog;

void oom_klog_past_init(struct oom_klog_past *past);
/* Was the death of @death told before? -1 in time_us: without a clock. */
bool oom_klog_past_has(const struct oom_klog_past *past, const struct oom_recent *death);
void oom_klog_past_add(struct oom_klog_past *past, const struct oom_recent *death);

/* Where a part that is not the log's first begins to count its lines: those of a first one are told apart. */
#define OOM_PART_LINE (INT64_C(1) << 40)

#endif
