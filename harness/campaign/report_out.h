/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_REPORT_OUT_H
#define OOM_REPORT_OUT_H

#include "lib/base/err.h"
#include "reports/report.h"

/* The reports that a command was asked for with --format F[:FILE]: 'run' and 'report' share this. */
#define OOM_REPORT_OUTS 16

struct oom_report_out {
	const struct oom_report *report;
	const char *path; /* NULL: standard output */
	bool only_bad; /* of a text report: what passed is not listed */
};

struct oom_report_outs {
	struct oom_report_out items[OOM_REPORT_OUTS];
	size_t count;
};

/*
 * Adds "F", "F:-" (standard output) or "F:FILE"; @text must live as long as @outs. -EINVAL for an
 * unknown format, and for a second report to a place that is taken.
 */
int oom_report_outs_add(struct oom_report_outs *outs, const char *text, struct oom_err *err);

/* -EINVAL with a sentence: @first and @second of them would both go to @place. */
int oom_report_outs_same(const struct oom_report_outs *outs, size_t first, size_t second,
	const char *place, struct oom_err *err);

/*
 * Writes all of them. A file appears whole or not at all: it is written beside its place, synced and
 * renamed; to one of a format that appends it is added whole or not at all; what is there and is no regular file (a device, a pipe) is written to directly. One that
 * fails does not keep the others from being written; the first failure is returned.
 * @run_dir: the run's folder as the user would type it, or NULL.
 */
int oom_report_outs_write(const struct oom_report_outs *outs, const struct oom_run *run,
	const char *run_dir, struct oom_err *err);

/* The same for one. */
int oom_report_out_write(const struct oom_report_out *out, const struct oom_run *run,
	const char *run_dir, struct oom_err *err);

/*
 * How to write to @fd: colours and a width only for a terminal (NO_COLOR and TERM=dumb are heeded),
 * UTF-8 where the environment's locale has it. For oom_report_line() and oom_report_progress(), too.
 */
void oom_report_options_for_fd(int fd, struct oom_report_options *ret);

#endif
