// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "lib/base/format.h"
#include "reports/escape.h"
#include "reports/style.h"
#include "reports/text_details.h"
#include "reports/text_differences.h"
#include "reports/text_matrix.h"
#include "reports/text_topics.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#define HEAD_COLUMNS 24 /* beside a machine's name; with less its line is as long as it needs be */

/* "debian:bookworm  Linux 6.1 · ...", in as many lines as it needs. */
static int machine_write(const struct oom_run *run, const struct oom_machine_rec *machine,
	struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	const char *id = oom_escape_dup(&view->arena, machine->id ?: "?", options->utf8);
	const char *text =
		oom_view_machine(&view->arena, run, machine, oom_style_separator(options));
	const char *left = text ? oom_escape_dup(&view->arena, text, options->utf8) : NULL;
	size_t indent, columns = oom_style_columns(options);

	if (!id || !left)
		return -ENOMEM;
	fputs(id, out);
	indent = oom_text_columns(id) + 2;
	columns = columns > indent + HEAD_COLUMNS ? columns - indent : 0;
	for (int i = 0; i == 0 || *left; i++) {
		const char *line = oom_text_break(&view->arena, &left, columns);

		if (!line)
			return -ENOMEM;
		fprintf(out, "%*s%s%s%s\n", i ? (int)indent : 2, "",
			oom_tone(options, OOM_TONE_DIM), line, oom_tone(options, OOM_TONE_PLAIN));
	}
	return 0;
}

static int head_write(const struct oom_run *run, struct oom_view *view,
	const struct oom_report_options *options, FILE *out)
{
	const char *separator = oom_style_separator(options);
	time_t start = run->start_realtime_us / 1000000;
	char date[32] = "";
	struct tm tm;

	if (run->start_realtime_us > 0 && gmtime_r(&start, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm);
	fprintf(out, "%soomgate%s ", oom_tone(options, OOM_TONE_BOLD),
		oom_tone(options, OOM_TONE_PLAIN));
	oom_escape_put(out, run->version ?: "?", options->utf8, NULL);
	fprintf(out, "%s%zu %s", separator, view->n_rows,
		oom_plural(view->n_rows, "scenario", "scenarios"));
	if (*date)
		fprintf(out, "%s%s", separator, date);
	if (run->seed >= 0)
		fprintf(out, "%sseed %" PRId64, separator, run->seed);
	fputc('\n', out);
	for (size_t i = 0; i < run->n_machines; i++) {
		if (machine_write(run, &run->machines[i], view, options, out) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void place_write(
	const struct oom_report_options *options, const char *before, const char *after, FILE *out)
{
	if (!options->run_dir)
		return;
	fputs(before, out);
	oom_escape_put(out, options->run_dir, options->utf8, NULL);
	fputs(after, out);
}

/* A run that was cut off before there was anything to tell of. */
static void nothing_write(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	char duration[24];

	fprintf(out, "%sinterrupted%s", oom_tone(options, OOM_TONE_WARN),
		oom_tone(options, OOM_TONE_PLAIN));
	if (run->duration_us >= 0)
		fprintf(out, " after %s", oom_style_duration(run->duration_us, duration));
	if (run->planned > 0)
		fprintf(out, ", none of %" PRId64 " attempt%s has ended", run->planned,
			run->planned == 1 ? "" : "s");
	else
		fputs(", no attempt has ended", out);
	fputs(": --resume", out);
	place_write(options, " --output ", "", out);
	fputs(" goes on\n", out);
}

static int foot_write(const struct oom_run *run, struct oom_view *view,
	const struct oom_report_options *options, FILE *out)
{
	const char *separator = oom_style_separator(options);
	char latency[OOM_VIEW_LATENCY_BYTES], duration[24];
	bool first = true;

	fputc('\n', out);
	if (run->interrupted && run->planned < 0)
		fprintf(out, "%sinterrupted: the run is not complete%s\n",
			oom_tone(options, OOM_TONE_WARN), oom_tone(options, OOM_TONE_PLAIN));
	if (view->n_latencies)
		fprintf(out, "%s\n", oom_view_latency(view, latency));
	place_write(options, "record in ", "/run.json\n", out);
	for (int v = 0; v < OOM_VERDICT_COUNT_; v++) {
		if (!view->count[v])
			continue;
		fprintf(out, "%s%s%zu %s%s", first ? "" : separator,
			oom_tone(options, oom_tone_of((enum oom_verdict)v)), view->count[v],
			oom_verdict_name((enum oom_verdict)v), oom_tone(options, OOM_TONE_PLAIN));
		first = false;
	}
	if (first)
		fputs("nothing was run", out);
	if (run->duration_us >= 0)
		fprintf(out, " in %s", oom_style_duration(run->duration_us, duration));
	if (run->planned > (int64_t)view->n_attempts)
		fprintf(out, ", %s%" PRId64 " not run%s: --resume goes on",
			oom_tone(options, OOM_TONE_WARN), run->planned - (int64_t)view->n_attempts,
			oom_tone(options, OOM_TONE_PLAIN));
	fputc('\n', out);
	return 0;
}

static bool lists_any(const struct oom_view *view, const struct oom_report_options *options)
{
	for (size_t i = 0; i < view->n_rows; i++)
		if (oom_view_is_listed(view, &view->rows[i], options->only_bad))
			return true;
	return false;
}

static int write_text(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	oom_with_utf8(locale);
	oom_cleanup(oom_view_release) struct oom_view view;
	int r = oom_view_build(run, &view);

	if (r < 0)
		return r;
	if (run->interrupted && !run->n_attempts) {
		nothing_write(run, options, out);
		return 0;
	}
	r = head_write(run, &view, options, out);
	if (r == 0 && lists_any(&view, options)) {
		fputc('\n', out);
		r = view.n_machines > 1 ? oom_text_matrix(&view, options, out)
					: oom_text_topics(&view, options, out);
	}
	if (r == 0)
		r = oom_text_differences(&view, options, out);
	if (r < 0)
		return r;
	r = oom_text_details(&view, options, out);
	return r < 0 ? r : foot_write(run, &view, options, out);
}

const struct oom_report oom_report_text = {
	.name = "text",
	.help = "a summary by topic: who was killed by what, and what failed",
	.write = write_text,
};
