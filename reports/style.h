/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_STYLE_H
#define OOM_STYLE_H

#include "reports/report.h"

/* How the text report looks: the few signs and colours that it has, in one place. */
enum oom_tone {
	OOM_TONE_PLAIN,
	OOM_TONE_BOLD,
	OOM_TONE_DIM,
	OOM_TONE_GOOD,
	OOM_TONE_BAD,
	OOM_TONE_WARN,
	OOM_TONE_NOTE,
	OOM_TONE_COUNT_
};

enum oom_tone oom_tone_of(enum oom_verdict verdict);
/* The SGR sequence; "" without colour. OOM_TONE_PLAIN ends any other. */
const char *oom_tone(const struct oom_report_options *options, enum oom_tone tone);
/* Columns that a table has; 0: as many as it needs. */
size_t oom_style_columns(const struct oom_report_options *options);
/* " · " or "; " */
const char *oom_style_separator(const struct oom_report_options *options);
/* "1.3s", "-" where it is unknown; @buf is returned. */
const char *oom_style_duration(int64_t usec, char buf[static 24]);
/* What became of it: the fates of a pass, otherwise the reason; escaped. NULL without memory. */
const char *oom_style_outcome(struct oom_arena *arena, const struct oom_attempt *attempt,
	const struct oom_report_options *options);
/*
 * What of it a table has room for, a few lines: of an attempt that is told in full below (oom_view_is_bad()) the
 * rest is there. NULL without memory; @text itself where nothing is cut.
 */
const char *oom_style_in_table(struct oom_arena *arena, const char *text, enum oom_verdict verdict,
	const struct oom_report_options *options);

#endif
