// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "reports/escape.h"
#include "reports/style.h"

#include <errno.h>
#include <string.h>

#define NAME_COLUMNS	 28 /* where the caller does not know the widest */
#define VERDICT_COLUMNS	 6 /* "pass" and two blanks; a longer verdict takes from the name's room */
#define DURATION_COLUMNS 7

static void arena_cleanup(struct oom_arena *arena)
{
	oom_arena_release(arena);
}

static const char *line_name(struct oom_arena *arena, const struct oom_attempt *attempt,
	const struct oom_report_options *options)
{
	const char *name = attempt->scenario ?: "";

	if (options->show_machine)
		name = oom_arena_printf(arena, "%s on %s", name, attempt->machine ?: "?");
	if (name && options->show_attempt)
		name = oom_arena_printf(arena, "%s #%lld", name, (long long)attempt->attempt);
	return name ? oom_escape_dup(arena, name, options->utf8) : NULL;
}

int oom_report_line(
	const struct oom_attempt *attempt, const struct oom_report_options *options, FILE *out)
{
	oom_with_utf8(locale);
	oom_cleanup(arena_cleanup) struct oom_arena arena = {0};
	const char *verdict = oom_verdict_name(attempt->verdict);
	const char *name = line_name(&arena, attempt, options);
	const char *outcome = oom_style_outcome(&arena, attempt, options);
	size_t room = VERDICT_COLUMNS + (options->name_width ?: NAME_COLUMNS), used, head;
	char buf[24];

	if (!name || !outcome)
		return -ENOMEM;
	head = strlen(verdict);
	head = head + 2 > VERDICT_COLUMNS ? head + 2 : VERDICT_COLUMNS;
	fprintf(out, "%s%s%s%*s", oom_tone(options, oom_tone_of(attempt->verdict)), verdict,
		oom_tone(options, OOM_TONE_PLAIN), (int)(head - strlen(verdict)), "");
	oom_text_pad(out, name, room > head ? room - head : 0);
	fprintf(out, " %s%*s%s", oom_tone(options, OOM_TONE_DIM), DURATION_COLUMNS,
		oom_style_duration(attempt->duration_us, buf), oom_tone(options, OOM_TONE_PLAIN));
	used = head + oom_text_columns(name);
	used = (used > room ? used : room) + 1 + DURATION_COLUMNS + 2;
	if (options->width > used + 8)
		outcome = oom_text_cut(&arena, outcome, options->width - used, options->utf8);
	if (!outcome)
		return -ENOMEM;
	fprintf(out, "%s%s\n", *outcome ? "  " : "", outcome);
	return 0;
}

const char *oom_report_progress(const struct oom_report_progress *progress,
	const struct oom_report_options *options, char *buf, size_t size)
{
	oom_with_utf8(locale);
	oom_cleanup(arena_cleanup) struct oom_arena arena = {0};
	const char *separator = oom_style_separator(options), *cut;
	char text[1024], running[512];
	struct oom_bounded line = OOM_BOUNDED(text), names = OOM_BOUNDED(running);

	for (size_t i = 0; i < progress->n_running; i++) {
		const char *name = oom_escape_dup(&arena, progress->running[i], options->utf8);

		/* a name is there in full or not at all: half of one may be half a character */
		if (name && names.len + strlen(name) + 3 < sizeof(running))
			oom_bounded_printf(&names, "%s%s", names.len ? ", " : "", name);
	}
	oom_bounded_printf(&line, "%zu/%zu", progress->done, progress->total);
	for (int v = 0; v < OOM_VERDICT_COUNT_; v++) {
		if (v != OOM_PASS && v != OOM_SKIPPED && progress->count[v])
			oom_bounded_printf(&line, "%s%zu %s", separator, progress->count[v],
				oom_verdict_name((enum oom_verdict)v));
	}
	if (*running)
		oom_bounded_printf(&line, "%srunning %s", separator, running);
	cut = oom_text_cut(&arena, text, options->width, options->utf8);
	if (size)
		snprintf(buf, size, "%s", cut ?: "");
	return buf;
}
