/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include "reports/report.h"

/* What the tests of the reports share. */
struct report_run {
	const char *name;
	struct oom_run *(*make)(void);
};
extern const struct report_run report_runs[]; /* tests/support/report_runs.c; NULL at the end */

/* How a report is asked for; the name is part of the golden file's. */
struct report_variant {
	const char *name;
	struct oom_report_options options;
};
enum { UTF8, ASCII_80, COLOR_120, TO_FILE, N_VARIANTS };
extern const struct report_variant report_variants[N_VARIANTS];

struct oom_run *report_run_make(const char *name); /* to be freed with oom_run_free() */
/* The report as text, to be freed. */
char *report_render(
	const struct oom_run *run, const char *format, const struct oom_report_options *options);
/* What "@command FILE" prints (standard error, too) where FILE holds @text; to be freed. */
char *tool_says(const char *command, const char *text);

#endif
