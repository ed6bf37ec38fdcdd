// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/style.h"

#include "lib/base/escape.h"
#include "lib/base/format.h"
#include "reports/escape.h"
#include "reports/view.h"

enum { IN_TABLE_COLUMNS = 160 };

enum oom_tone oom_tone_of(enum oom_verdict verdict)
{
	static const enum oom_tone tones[OOM_VERDICT_COUNT_] = {
		[OOM_PASS] = OOM_TONE_GOOD,
		[OOM_FAIL] = OOM_TONE_BAD,
		[OOM_BROKEN] = OOM_TONE_BAD,
		[OOM_SKIPPED] = OOM_TONE_DIM,
		[OOM_INCONCLUSIVE] = OOM_TONE_WARN,
		[OOM_KNOWN] = OOM_TONE_NOTE,
	};

	return verdict < OOM_VERDICT_COUNT_ ? tones[verdict] : OOM_TONE_PLAIN;
}

const char *oom_tone(const struct oom_report_options *options, enum oom_tone tone)
{
	static const char *const sequences[OOM_TONE_COUNT_] = {
		[OOM_TONE_PLAIN] = "\033[0m",
		[OOM_TONE_BOLD] = "\033[1m",
		[OOM_TONE_DIM] = "\033[2m",
		[OOM_TONE_GOOD] = "\033[32m",
		[OOM_TONE_BAD] = "\033[1;31m",
		[OOM_TONE_WARN] = "\033[33m",
		[OOM_TONE_NOTE] = "\033[36m",
	};

	return options->color ? sequences[tone] : "";
}

size_t oom_style_columns(const struct oom_report_options *options)
{
	return options->width ? options->width : options->wrap;
}

const char *oom_style_separator(const struct oom_report_options *options)
{
	return options->utf8 ? " · " : "; ";
}

const char *oom_style_duration(int64_t usec, char buf[static 24])
{
	return usec < 0 ? "-" : oom_format_duration((uint64_t)usec, buf);
}

const char *oom_style_outcome(struct oom_arena *arena, const struct oom_attempt *attempt,
	const struct oom_report_options *options)
{
	const char *text = attempt->verdict == OOM_PASS ? "" : oom_view_reason(arena, attempt);

	if (text && !*text)
		text = oom_view_fates(arena, attempt, oom_style_separator(options));
	return text ? oom_escape_dup(arena, text, options->utf8) : NULL;
}

const char *oom_style_in_table(struct oom_arena *arena, const char *text, enum oom_verdict verdict,
	const struct oom_report_options *options)
{
	size_t columns =
		options->width > IN_TABLE_COLUMNS ? options->width : (unsigned)IN_TABLE_COLUMNS;

	return oom_view_is_bad(verdict) ? oom_text_cut(arena, text, columns, options->utf8) : text;
}
