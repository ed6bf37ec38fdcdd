// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/text_details.h"

#include "lib/base/escape.h"
#include "lib/base/format.h"
#include "reports/style.h"
#include "reports/view.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct details {
	struct oom_view *view;
	const struct oom_report_options *options;
	FILE *out;
};

static void put(const struct details *d, const char *text)
{
	oom_escape_put(d->out, text, d->options->utf8, NULL);
}

/* "  wanted    ", the heading of a line of an attempt's block */
static void label(const struct details *d, const char *name)
{
	fprintf(d->out, "  %s%-9s%s ", oom_tone(d->options, OOM_TONE_DIM), name,
		oom_tone(d->options, OOM_TONE_PLAIN));
}

static void expect_write(const struct details *d, const struct oom_expect_rec *e)
{
	const char *subject = oom_view_subject(&d->view->scratch, e);

	label(d, "wanted");
	put(d, subject ?: e->key);
	fputs("=", d->out);
	put(d, e->wanted ?: "?");
	fprintf(d->out, ", %sobserved ", oom_tone(d->options, oom_tone_of(e->verdict)));
	put(d, e->observed ?: "nothing");
	fputs(oom_tone(d->options, OOM_TONE_PLAIN), d->out);
	if (e->verdict != OOM_FAIL && e->verdict != OOM_KNOWN)
		fprintf(d->out, " (%s)", oom_verdict_name(e->verdict));
	if (e->reason && *e->reason) {
		fputs(": ", d->out);
		put(d, e->reason);
	}
	fputc('\n', d->out);
}

static void workload_write(const struct details *d, const struct oom_attempt *attempt,
	const struct oom_workload_rec *w)
{
	char buf[256];

	label(d, "workload");
	put(d, w->name ?: "?");
	fputs(" ", d->out);
	put(d, oom_workload_fate(attempt, w, buf, sizeof(buf)));
	if (w->pid > 0)
		fprintf(d->out, ", pid %" PRId64, w->pid);
	if (w->kill_latency_us >= 0)
		fprintf(d->out, ", exit seen %s after the kill",
			oom_style_duration(w->kill_latency_us, buf));
	fputc('\n', d->out);
	for (size_t i = 0; i < w->n_evidence; i++) {
		label(d, "");
		fputs("  ", d->out);
		put(d, w->evidence[i]);
		fputc('\n', d->out);
	}
}

/* Of what the scenario relied on: what was not so, also where it need not be. */
static void preconditions_write(const struct details *d, const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_preconditions; i++) {
		const struct oom_precondition_rec *p = &attempt->preconditions[i];

		if (!p->reason || (attempt->reason && !strcmp(p->reason, attempt->reason)))
			continue;
		label(d, p->verdict == OOM_PASS ? "optional" : "unmet");
		put(d, p->reason);
		fputc('\n', d->out);
	}
}

static int faults_write(const struct details *d, const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_faults; i++) {
		const char *text = oom_view_fault(&d->view->scratch, &attempt->faults[i]);

		if (!text)
			return -ENOMEM;
		label(d, "fault");
		put(d, text);
		fputc('\n', d->out);
	}
	return 0;
}

static int standstills_write(const struct details *d, const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_standstills; i++) {
		const char *text = oom_view_standstill(&d->view->scratch, &attempt->standstills[i]);

		if (!text)
			return -ENOMEM;
		label(d, "still");
		put(d, text);
		fputc('\n', d->out);
	}
	return 0;
}

/* What the kernel's log says of a victim that no workload's line tells already. */
static void kill_write(const struct details *d, const struct oom_kill *kill)
{
	char buf[24];

	label(d, "killed");
	put(d, kill->victim.comm ?: "?");
	if (kill->victim.pid >= 0)
		fprintf(d->out, " (pid %" PRId64 ")", kill->victim.pid);
	fprintf(d->out, " by %s", oom_killer_name(kill->killer));
	if (kill->victim.anon_rss_kib >= 0)
		fprintf(d->out, ", anon-rss %s",
			oom_format_size((uint64_t)kill->victim.anon_rss_kib * 1024, buf));
	if (kill->victim.oom_score_adj != OOM_ADJ_UNKNOWN)
		fprintf(d->out, ", adj %" PRId64, kill->victim.oom_score_adj);
	if (kill->oom_memcg) {
		fputs(", in ", d->out);
		put(d, kill->oom_memcg);
	}
	fputc('\n', d->out);
}

/* A fork bomb dies in hundreds of pieces: the first tell how, the record has them all. */
static void kills_write(const struct details *d, const struct oom_attempt *attempt)
{
	enum { SHOWN = 8 };

	for (size_t i = 0; i < attempt->n_kills && i < SHOWN; i++)
		kill_write(d, &attempt->kills[i]);
	if (attempt->n_kills <= SHOWN)
		return;
	label(d, "");
	fprintf(d->out, "and %zu more (run.json lists all)\n", attempt->n_kills - SHOWN);
}

static void source_write(const struct details *d, const struct oom_source_rec *s)
{
	label(d, s->state == OOM_SOURCE_LOST ? "lost" : "absent");
	put(d, s->name ?: "?");
	if (s->state == OOM_SOURCE_LOST && s->lost >= 0)
		fprintf(d->out, ": %" PRId64 " of %" PRId64 " records", s->lost,
			s->lost + (s->records > 0 ? s->records : 0));
	if (s->note && *s->note) {
		fputs(": ", d->out);
		put(d, s->note);
	}
	fputc('\n', d->out);
}

/* Lines that concern the evidence of any attempt, passed or not. */
static size_t evidence_write(const struct details *d, const struct oom_attempt *attempt, bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < attempt->n_sources; i++) {
		const struct oom_source_rec *s = &attempt->sources[i];

		if (s->state == OOM_SOURCE_OK || (s->state == OOM_SOURCE_ABSENT && !all))
			continue;
		source_write(d, s);
		n++;
	}
	for (size_t i = 0; i < attempt->n_disagreements; i++, n++) {
		label(d, "disagree");
		put(d, attempt->disagreements[i]);
		fputc('\n', d->out);
	}
	for (size_t i = 0; i < attempt->n_warnings; i++, n++) {
		label(d, "kernel");
		put(d, attempt->warnings[i]);
		fputc('\n', d->out);
	}
	return n;
}

static int title_write(const struct details *d, const struct oom_attempt *attempt)
{
	const char *name = oom_view_name(&d->view->scratch, d->view, attempt);
	enum oom_tone tone = oom_tone_of(attempt->verdict);

	if (!name)
		return -ENOMEM;
	fprintf(d->out, "\n%s%s%s  %s", oom_tone(d->options, tone),
		oom_verdict_name(attempt->verdict), oom_tone(d->options, OOM_TONE_PLAIN),
		oom_tone(d->options, OOM_TONE_BOLD));
	put(d, name);
	fputs(oom_tone(d->options, OOM_TONE_PLAIN), d->out);
	if (attempt->title && *attempt->title) {
		fputs("  ", d->out);
		put(d, attempt->title);
	}
	fputc('\n', d->out);
	return 0;
}

static void files_write(const struct details *d, const struct oom_attempt *attempt)
{
	if (!attempt->evidence_dir)
		return;
	label(d, "evidence");
	if (d->options->run_dir) {
		put(d, d->options->run_dir);
		fputs("/", d->out);
	}
	put(d, attempt->evidence_dir);
	fputc('\n', d->out);
}

/* Does the line of an expectation say it, too? Not what stands behind the observation: of a known issue that has
 * expired nothing else tells. */
static bool reason_is_said(const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];
		const char *observed = e->observed ?: "nothing", *key, *rest;

		if (e->verdict == OOM_PASS)
			continue;
		key = strstr(attempt->reason, e->key ?: "?");
		rest = key ? strstr(key, observed) : NULL;
		rest = rest ? rest + strlen(observed) : NULL;
		if (rest && e->reason && !strncmp(rest, ": ", 2) &&
			!strncmp(rest + 2, e->reason, strlen(e->reason)))
			rest += 2 + strlen(e->reason);
		return rest && !*rest;
	}
	return false;
}

static void reason_write(const struct details *d, const struct oom_attempt *attempt)
{
	if (!attempt->reason || !*attempt->reason)
		return;
	label(d, "reason");
	put(d, attempt->reason);
	fputc('\n', d->out);
}

static int attempt_write(const struct details *d, const struct oom_attempt *attempt)
{
	char duration[24], setup[24];
	int r;

	if (attempt->reason && !reason_is_said(attempt))
		reason_write(d, attempt);
	for (size_t i = 0; i < attempt->n_expects; i++) {
		if (attempt->expects[i].verdict != OOM_PASS)
			expect_write(d, &attempt->expects[i]);
	}
	preconditions_write(d, attempt);
	r = faults_write(d, attempt);
	if (r == 0)
		r = standstills_write(d, attempt);
	for (size_t i = 0; i < attempt->n_workloads; i++)
		workload_write(d, attempt, &attempt->workloads[i]);
	kills_write(d, attempt);
	evidence_write(d, attempt, true);
	if (attempt->duration_us >= 0 || attempt->setup_us >= 0) {
		label(d, "time");
		fprintf(d->out, "%s, set-up %s\n",
			oom_style_duration(attempt->duration_us, duration),
			oom_style_duration(attempt->setup_us, setup));
	}
	files_write(d, attempt);
	return r;
}

/* The number of an attempt, which its entry has unless somebody counted in an odd way. */
static int64_t number_of(const struct details *d, uint32_t index)
{
	const struct oom_entry entry = oom_run_entry(d->view->run, index);
	oom_borrow const struct oom_attempt *attempt = NULL;

	if (entry.number)
		return entry.number;
	return oom_run_attempt(d->view->run, index, &attempt) < 0 ? 0 : attempt->attempt;
}

/* Attempts that failed alike are told once: "attempts 1, 2, 5 end alike". */
static void alike_write(const struct details *d, uint32_t first)
{
	uint32_t next = d->view->next_alike[first];

	if (next == OOM_VIEW_NO_MORE)
		return;
	label(d, "attempts");
	fprintf(d->out, "%" PRId64, number_of(d, first));
	for (; next != OOM_VIEW_NO_MORE; next = d->view->next_alike[next])
		fprintf(d->out, ", %" PRId64, number_of(d, next));
	fputs(" ended alike; this is the first\n", d->out);
}

/* Of an attempt that is as it should be: evidence that was lost, a pass in spite of a known issue; and, as the
 * cells of several machines have no room for it, the known issue itself. What all attempts of a cell have in
 * common, the one that the cell shows tells. */
static bool is_noteworthy(
	const struct details *d, const struct oom_view_cell *cell, size_t i, struct oom_entry entry)
{
	return entry.noteworthy ||
		(entry.verdict == OOM_KNOWN && d->view->n_machines > 1 && i == cell->shown);
}

static int note_write(const struct details *d, const struct oom_view_cell *cell, size_t i,
	const struct oom_attempt *a)
{
	bool is_shown = i == cell->shown, has_evidence = a->n_disagreements || a->n_warnings;
	int r;

	for (size_t s = 0; s < a->n_sources; s++)
		has_evidence |= a->sources[s].state == OOM_SOURCE_LOST;
	if (!has_evidence && !is_shown)
		return 0;
	r = title_write(d, a);
	if (r < 0)
		return r;
	if (is_shown && (a->verdict == OOM_PASS || d->view->n_machines > 1))
		reason_write(d, a);
	evidence_write(d, a, false);
	return 0;
}

static int fault_write(const struct details *d, const struct oom_view_cell *cell, size_t i,
	const struct oom_attempt *a)
{
	int r = title_write(d, a);

	if (r < 0)
		return r;
	alike_write(d, cell->attempts[i]);
	return attempt_write(d, a);
}

static int cell_write(const struct details *d, const struct oom_view_cell *cell)
{
	for (size_t i = 0; i < cell->n_attempts; i++) {
		oom_borrow const struct oom_attempt *a = NULL;
		const struct oom_entry entry = oom_run_entry(d->view->run, cell->attempts[i]);
		bool bad = oom_view_is_bad((enum oom_verdict)entry.verdict);
		int r;

		if (bad ? oom_view_is_told(d->view, cell->attempts[i])
			: !is_noteworthy(d, cell, i, entry))
			continue;
		r = oom_run_attempt(d->view->run, cell->attempts[i], &a);
		if (r == 0)
			r = bad ? fault_write(d, cell, i, a) : note_write(d, cell, i, a);
		if (r < 0)
			return r;
		oom_arena_reset(&d->view->scratch);
	}
	return 0;
}

int oom_text_details(struct oom_view *view, const struct oom_report_options *options, FILE *out)
{
	struct details d = {.view = view, .options = options, .out = out};
	int r = 0;

	for (size_t i = 0; r == 0 && i < view->n_rows; i++)
		for (size_t m = 0; r == 0 && m < view->n_machines; m++)
			r = cell_write(&d, &view->rows[i].cells[m]);
	return r;
}
