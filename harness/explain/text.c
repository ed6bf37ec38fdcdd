// SPDX-License-Identifier: LGPL-2.1-or-later
/* A page for a person. Everything that comes out of the log goes through the gate (harness/say/say.h). */
#include "harness/explain/explain.h"
#include "harness/say/fit.h"
#include "harness/say/say.h"

#include "lib/base/cleanup.h"
#include "lib/base/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <libsmartcols/libsmartcols.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct explain_writer {
	FILE *out;
	bool colours;
	int64_t n;
};

static const char *bold(const struct explain_writer *w)
{
	return w->colours ? "\033[1m" : "";
}

static const char *plain(const struct explain_writer *w)
{
	return w->colours ? "\033[0m" : "";
}

/* "  why      text"; takes @text. */
static void put_line(struct explain_writer *w, const char *label, char *text)
{
	oom_autofree char *taken = text;

	if (taken)
		oom_say(w->out, "  %-8s %s\n", label, taken);
}

static struct libscols_table *ranking_table(const struct oom_kill *kill)
{
	static const struct {
		const char *name;
		int flags;
	} columns[] = {{"PID", SCOLS_FL_RIGHT}, {"NAME", 0}, {"ADJ", SCOLS_FL_RIGHT},
		{"RSS", SCOLS_FL_RIGHT}, {"SWAP PAGES", SCOLS_FL_RIGHT},
		{"BADNESS", SCOLS_FL_RIGHT}, {"", 0}};
	struct libscols_table *table = scols_new_table();

	for (size_t i = 0; table && i < sizeof(columns) / sizeof(columns[0]); i++)
		oom_say_column(table, columns[i].name, columns[i].flags);
	for (size_t i = 0; table && i < kill->n_ranking; i++) {
		const struct oom_task *task = kill->ranking + i;
		struct libscols_line *line = scols_table_new_line(table, NULL);
		char size[16];

		if (!line)
			break;
		oom_say_number(line, 0, task->pid, true);
		oom_say_cell(line, 1, task->comm ? task->comm : "?");
		oom_say_number(
			line, 2, task->oom_score_adj, task->oom_score_adj != OOM_ADJ_UNKNOWN);
		oom_say_cell(line, 3, explain_kib(task->rss_kib, size));
		oom_say_number(line, 4, task->swapents, task->swapents >= 0);
		oom_say_number(line, 5, task->points, true);
		oom_say_cell(line, 6, task->pid == kill->victim.pid ? "<- killed" : "");
	}
	return table;
}

static void put_ranking(struct explain_writer *w, const struct oom_kill *kill)
{
	enum { INDENT = 11 }; /* below the texts of the labels */
	struct libscols_table *table;
	char *text = NULL, *save = NULL;
	size_t columns = oom_fit_columns(fileno(w->out));

	if (kill->n_ranking < 2)
		return;
	table = ranking_table(kill);
	if (table)
		oom_fit_table(table, columns > INDENT ? columns - INDENT : columns);
	if (table && !scols_print_table_to_string(table, &text)) {
		for (char *line = strtok_r(text, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save))
			oom_say(w->out, "%*s%s\n", INDENT, "", line);
	}
	free(text);
	scols_unref_table(table);
}

static void put_memory(struct explain_writer *w, const struct oom_incident *incident)
{
	const struct oom_memory *m = &incident->memory;
	struct explain_share shares[8];
	size_t n = explain_memory(incident, shares, 8);
	char size[16], total[16];

	if (!n && m->usage_kib < 0)
		return;
	oom_say(w->out, "  %-8s", "memory");
	if (m->usage_kib >= 0)
		oom_say(w->out, " %s used", explain_kib(m->usage_kib, size));
	if (m->usage_kib >= 0)
		oom_say(w->out, " of %s:", explain_kib(m->limit_kib, total));
	else if (m->ram_kib >= 0)
		oom_say(w->out, " %s of RAM:", explain_kib(m->ram_kib, total));
	for (size_t i = 0; i < n && shares[i].kib > 0; i++)
		oom_say(w->out, "%s %s %s", i ? "," : "", shares[i].name,
			explain_kib(shares[i].kib, size));
	if (m->swap_total_kib == 0)
		oom_say(w->out, "; no swap");
	else if (m->swap_total_kib > 0)
		oom_say(w->out, "; swap %s of %s free", explain_kib(m->swap_free_kib, size),
			explain_kib(m->swap_total_kib, total));
	fputc('\n', w->out);
}

static void put_zone(struct explain_writer *w, const struct oom_zone *zone)
{
	bool below_min = zone->free_kib < zone->min_kib;
	char free_size[16], mark_size[16];

	oom_say(w->out, "  %-8s node %d %s: %s free, below its %s watermark of %s\n", "zone",
		zone->node, zone->name, explain_kib(zone->free_kib, free_size),
		below_min ? "min" : "low",
		explain_kib(below_min ? zone->min_kib : zone->low_kib, mark_size));
}

/* Zones below a watermark: why the machine had "free" memory and none to give. */
static void put_zones(struct explain_writer *w, const struct oom_memory *memory)
{
	for (size_t i = 0; i < memory->n_zones; i++) {
		const struct oom_zone *zone = memory->zones + i;

		if (zone->free_kib >= 0 && zone->low_kib > 0 && zone->free_kib < zone->low_kib &&
			zone->present_kib != 0)
			put_zone(w, zone);
	}
}

static void put_times(
	struct explain_writer *w, const struct oom_incident *incident, const struct oom_kill *kill)
{
	if (kill->time_us < 0)
		return;
	oom_say(w->out, "  %-8s at %.6f s of the kernel's clock", "when",
		(double)kill->time_us / 1e6);
	if (incident->invoked_us >= 0 && incident->invoked_us <= kill->time_us)
		oom_say(w->out, ", %.3f ms after the OOM killer was invoked",
			(double)(kill->time_us - incident->invoked_us) / 1e3);
	if (incident->reaped_us >= kill->time_us)
		oom_say(w->out, "; reaped %.3f ms later",
			(double)(incident->reaped_us - kill->time_us) / 1e3);
	fputc('\n', w->out);
}

static void text_kill(
	struct explain_writer *w, const struct oom_incident *incident, const struct oom_kill *kill)
{
	oom_autofree char *sentence = explain_sentence(incident, kill);
	char *advice[4];
	size_t n = explain_advice(incident, kill, advice, 4);

	fputs(w->n++ ? "\n" : "", w->out);
	fputs(bold(w), w->out);
	oom_say(w->out, "line %" PRId64 ": %s", kill->line, sentence ? sentence : "");
	fputs(plain(w), w->out);
	fputc('\n', w->out);
	put_line(w, "held", explain_held(kill));
	if (kill->task_memcg)
		put_line(w, "cgroup", explain_printf("%s", kill->task_memcg));
	if (kill->victim.oom_score_adj != OOM_ADJ_UNKNOWN && kill->victim.oom_score_adj)
		put_line(w, "adj",
			explain_printf("oom_score_adj %" PRId64, kill->victim.oom_score_adj));
	put_line(w, "invoker", explain_request(incident, kill));
	if (kill->explanation)
		put_line(w, "why", explain_printf("%s", kill->explanation));
	put_ranking(w, kill);
	put_memory(w, incident);
	put_zones(w, &incident->memory);
	put_line(w, "freed", explain_freed(incident, kill));
	put_times(w, incident, kill);
	for (size_t i = 0; i < n; i++)
		put_line(w, i ? "" : "advice", advice[i]);
}

static void put_notes(
	struct explain_writer *w, const char *title, const struct explain_notes *notes, size_t max)
{
	if (!notes->total)
		return;
	fputc('\n', w->out);
	fputs(bold(w), w->out);
	oom_say(w->out, "%s (%" PRId64 "):", title, notes->total);
	fputs(plain(w), w->out);
	fputc('\n', w->out);
	for (size_t i = 0; i < notes->n && i < max; i++)
		oom_say(w->out, "  line %" PRId64 ": %s\n", notes->notes[i].line,
			notes->notes[i].text);
	if (notes->total > (int64_t)max)
		oom_say(w->out, "  and %" PRId64 " more\n", notes->total - (int64_t)max);
}

static void text_end(struct explain_writer *w, const struct explain_end *end)
{
	if (!end->kills && !end->panics->total)
		oom_say(w->out, "no OOM kill in this log (%" PRId64 " %s)\n", end->counts->lines,
			oom_plural((uint64_t)end->counts->lines, "line", "lines"));
	put_notes(w, "kernel panics", end->panics, 10);
	put_notes(w, "OOM killer invoked, but no kill follows in this log", end->unfinished, 10);
	put_notes(w, "killed by systemd, not by an OOM killer", end->signals, 10);
	put_notes(w, "looks like an OOM report, but is not understood", end->unrecognised, 20);
	if (end->counts->imitations)
		oom_say(w->out, "\n%" PRId64 " %s the kernel, but %s written by %s\n",
			end->counts->imitations,
			oom_plural((uint64_t)end->counts->imitations, "line imitates",
				"lines imitate"),
			oom_plural((uint64_t)end->counts->imitations, "was", "were"),
			oom_plural((uint64_t)end->counts->imitations, "a program", "programs"));
	if (end->gaps)
		oom_say(w->out, "\nnot read: %s\n", end->gaps);
	if (end->damage)
		oom_say(w->out, "\nincomplete: %s\n", end->damage);
}

static int text_open(FILE *out, struct explain_writer **ret)
{
	struct explain_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = out;
	w->colours = isatty(fileno(out)) && !getenv("NO_COLOR");
	*ret = w;
	return 0;
}

static void text_flush(struct explain_writer *w)
{
	fflush(w->out);
}

static int text_close(struct explain_writer *w)
{
	int rc = fflush(w->out) || ferror(w->out) ? -EIO : 0;

	free(w);
	return rc;
}

const struct explain_format explain_text = {
	.name = "text",
	.help = "one page per kill",
	.rank = 8,
	.open = text_open,
	.kill = text_kill,
	.end = text_end,
	.flush = text_flush,
	.close = text_close,
};
