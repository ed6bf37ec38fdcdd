// SPDX-License-Identifier: LGPL-2.1-or-later
/* oomgate.explain/1, written as it is found: no tree of the whole is ever built. */
#include "harness/explain/put.h"
#include "lib/base/span.h"
#include "lib/oracle/badness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void put_process(struct explain_writer *w, const char *comm, int64_t pid)
{
	if (!comm && pid < 0) {
		PUT(w, "null");
		return;
	}
	PUT(w, "{\"comm\":");
	json_put_text(w, comm);
	PUT(w, ",\"pid\":");
	if (pid < 0)
		PUT(w, "null");
	else
		json_put_int(w, pid);
	PUT(w, "}");
}

static void put_known(struct explain_writer *w, const char *name, int64_t value)
{
	PUT(w, ",");
	json_put_key(w, name);
	if (value < 0)
		PUT(w, "null");
	else
		json_put_int(w, value);
}

static const char *prediction_name(enum oom_prediction prediction)
{
	static const char *const names[] = {
		[OOM_PREDICTION_NONE] = NULL,
		[OOM_PREDICTION_AGREES] = "agrees",
		[OOM_PREDICTION_EXPLAINED] = "explained",
		[OOM_PREDICTION_DISAGREES] = "disagrees",
	};

	return names[prediction];
}

static void put_zones(struct explain_writer *w, const struct oom_memory *memory)
{
	PUT(w, ",\"zones\":[");
	for (size_t i = 0; i < memory->n_zones; i++) {
		const struct oom_zone *zone = memory->zones + i;

		if (i)
			PUT(w, ",");
		PUT(w, "{\"node\":");
		json_put_int(w, zone->node);
		PUT(w, ",\"zone\":");
		json_put_text(w, zone->name);
		put_known(w, "free_kib", zone->free_kib);
		put_known(w, "min_kib", zone->min_kib);
		put_known(w, "low_kib", zone->low_kib);
		put_known(w, "high_kib", zone->high_kib);
		put_known(w, "present_kib", zone->present_kib);
		PUT(w, "}");
	}
	PUT(w, "]");
}

static void put_memory(struct explain_writer *w, const struct oom_incident *incident)
{
	struct explain_share shares[24];
	size_t n = explain_memory(incident, shares, sizeof(shares) / sizeof(shares[0]));
	const struct oom_memory *memory = &incident->memory;

	PUT(w, ",\"memory\":{\"of\":");
	json_put_text(w, memory->memcg ? "memcg" : n ? "machine" : NULL);
	put_known(w, "swap_usage_kib", memory->swap_usage_kib);
	put_known(w, "swap_limit_kib", memory->swap_limit_kib);
	put_known(w, "swap_total_kib", memory->swap_total_kib);
	put_known(w, "swap_free_kib", memory->swap_free_kib);
	put_known(w, "ram_kib", memory->ram_kib);
	PUT(w, ",\"held_kib\":{");
	for (size_t i = 0; i < n; i++) {
		if (i)
			PUT(w, ",");
		json_put_key(w, shares[i].name);
		json_put_int(w, shares[i].kib);
	}
	PUT(w, "}");
	put_zones(w, memory);
	PUT(w, "}");
}

static void put_stack(struct explain_writer *w, const struct oom_incident *incident)
{
	PUT(w, ",\"stack\":[");
	for (size_t i = 0; i < incident->n_stack; i++) {
		if (i)
			PUT(w, ",");
		json_put_text(w, incident->stack[i]);
	}
	PUT(w, "]");
}

static void put_gfp(
	struct explain_writer *w, const struct oom_incident *incident, const struct oom_kill *kill)
{
	PUT(w, ",\"gfp_mask\":");
	if (kill->gfp_mask < 0) {
		PUT(w, "null");
	} else {
		char text[32];

		put(w, text,
			(size_t)snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", kill->gfp_mask));
	}
	PUT(w, ",\"gfp_flags\":");
	json_put_text(w, incident->gfp_names);
}

/* Within a part: before each kill, and nowhere else, for JSON has no such byte. */
#define MARK	 "\1"
#define LINE_KEY "{\"line\":"

static void begin_kill(struct explain_writer *w)
{
	put(w, w->any ? ",\n" : "\n", w->any ? 2 : 1);
	w->any = true;
	PUT(w, LINE_KEY);
}

static void json_kill(
	struct explain_writer *w, const struct oom_incident *incident, const struct oom_kill *kill)
{
	if (w->part) {
		PUT(w, MARK LINE_KEY);
	} else {
		begin_kill(w);
	}
	json_put_int(w, kill->line);
	PUT(w, ",");
	json_put_fields(
		w, oom_kill_fields + 1, kill); /* the line, which is always known, is the first */
	PUT(w, ",\"when\":");
	json_put_text(w, incident->when);
	PUT(w, ",\"killer\":");
	json_put_text(w, oom_killer_name(kill->killer));
	PUT(w, ",\"constraint\":");
	json_put_text(w, oom_constraint_name(kill->constraint));
	PUT(w, ",\"victim\":{");
	json_put_fields(w, oom_task_fields, &kill->victim);
	PUT(w, "},\"invoker\":");
	put_process(w, kill->invoker_comm, kill->invoker_pid);
	put_gfp(w, incident, kill);
	PUT(w, ",\"oom_group\":");
	put(w, kill->oom_group ? "true" : "false", kill->oom_group ? 4 : 5);
	PUT(w, ",\"chosen\":");
	put_process(w, kill->chosen_comm, kill->chosen_pid);
	PUT(w, ",\"kernel\":");
	json_put_text(w, incident->kernel);
	put_known(w, "score", incident->score);
	put_known(w, "invoked_us", incident->invoked_us);
	put_known(w, "reaped_us", incident->reaped_us);
	put_known(w, "signal", incident->signal);
	PUT(w, ",\"prediction\":");
	json_put_text(w, prediction_name(oom_badness_compare(incident, kill)));
	put_memory(w, incident);
	put_stack(w, incident);
	put_known(w, "tasks_dropped", incident->n_dropped);
	PUT(w, ",\"tasks\":");
	json_put_tasks(w, kill->tasks, kill->n_tasks);
	PUT(w, ",\"ranking\":");
	json_put_tasks(w, kill->ranking, kill->n_ranking);
	PUT(w, "}");
}

static void put_notes(struct explain_writer *w, const char *name, const struct explain_notes *notes)
{
	PUT(w, ",\n");
	json_put_key(w, name);
	PUT(w, "[");
	for (size_t i = 0; i < notes->n; i++) {
		put(w, i ? ",\n{\"line\":" : "\n{\"line\":", i ? 10 : 9);
		json_put_int(w, notes->notes[i].line);
		put_known(w, "time_us", notes->notes[i].time_us);
		PUT(w, ",\"text\":");
		json_put_text(w, notes->notes[i].text);
		PUT(w, "}");
	}
	PUT(w, "]");
}

static void json_end(struct explain_writer *w, const struct explain_end *end)
{
	bool whole = !end->damage && !end->gaps;

	PUT(w, "]");
	put_notes(w, "panics", end->panics);
	put_notes(w, "unrecognised", end->unrecognised);
	put_notes(w, "unfinished", end->unfinished);
	put_notes(w, "systemd_kills", end->signals);
	PUT(w, ",\n\"counts\":{\"kills\":");
	json_put_int(w, end->kills);
	put_known(w, "panics", end->panics->total);
	put_known(w, "unrecognised", end->unrecognised->total);
	put_known(w, "unfinished", end->unfinished->total);
	put_known(w, "systemd_kills", end->signals->total);
	put_known(w, "quoted", end->counts->quoted);
	put_known(w, "imitations", end->counts->imitations);
	put_known(w, "repeats", end->counts->repeats);
	put_known(w, "cut_lines", end->counts->cut_lines);
	put_known(w, "lost", end->lost);
	put_known(w, "lines", end->counts->lines);
	put_known(w, "bytes", end->counts->bytes);
	PUT(w, "},\n\"complete\":");
	put(w, whole ? "true" : "false", whole ? 4 : 5);
	PUT(w, ",\"damage\":");
	json_put_text(w, end->damage);
	PUT(w, ",\"gaps\":");
	json_put_text(w, end->gaps);
	PUT(w, "}\n");
}

static int json_open(FILE *out, struct explain_writer **ret)
{
	struct explain_writer *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = out;
	w->part = NULL;
	w->rc = 0;
	w->any = false;
	w->len = 0;
	PUT(w, "{\"schema\":\"oomgate.explain/1\",\"kills\":[");
	*ret = w;
	return 0;
}

static int json_part_open(struct explain_part *part, struct explain_writer **ret)
{
	struct explain_writer *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = NULL;
	w->part = part;
	w->rc = 0;
	w->len = 0;
	*ret = w;
	return 0;
}

static void json_part_take(struct explain_writer *w, const struct explain_part *part, int64_t shift)
{
	const char *p = part->data, *end = p + part->len;

	while (p < end) {
		struct oom_span line = {p + sizeof(MARK LINE_KEY) - 1, 0};
		const char *next = memchr(p + 1, *MARK, (size_t)(end - p - 1));
		int64_t number = 0;

		next = next ? next : end;
		line.len = (size_t)(next - line.at);
		oom_span_take_int(&line, &number);
		begin_kill(w);
		json_put_int(w, number + shift);
		put(w, line.at, line.len);
		p = next;
	}
}

static int json_close(struct explain_writer *w)
{
	int rc;

	json_drain(w);
	rc = w->rc;
	free(w);
	return rc;
}

const struct explain_format explain_json = {
	.name = "json",
	.help = "all that the log says, with the ranking (schema oomgate.explain/1)",
	.rank = 10,
	.open = json_open,
	.kill = json_kill,
	.end = json_end,
	.flush = json_drain,
	.part_open = json_part_open,
	.part_take = json_part_take,
	.close = json_close,
};
