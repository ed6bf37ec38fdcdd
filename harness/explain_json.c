// SPDX-License-Identifier: LGPL-2.1-or-later
/* oomgate.explain/1, written as it is found: no tree of the whole is ever built. */
#include "harness/explain.h"

#include "lib/kill_fields.h"
#include "lib/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for what is put without asking: a number, a key, an escaped character. */
#define SLACK 64

struct explain_writer {
	FILE *out;
	int rc;
	bool any;
	size_t len;
	char buf[64 * 1024];
};

static void drain(struct explain_writer *w)
{
	size_t done = 0;

	while (!w->rc && done < w->len) {
		ssize_t n = write(fileno(w->out), w->buf + done, w->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			w->rc = -errno;
	}
	w->len = 0;
}

static inline void room(struct explain_writer *w, size_t len)
{
	if (w->len + len > sizeof(w->buf))
		drain(w);
}

static inline void put(struct explain_writer *w, const char *text, size_t len)
{
	room(w, len);
	memcpy(w->buf + w->len, text, len);
	w->len += len;
}

#define PUT(w, literal) put(w, literal, sizeof(literal) - 1)

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* What a number is written with, and how long it is at most. */
#define INT_BYTES 24

/* Writes @value at @to, where a sign and INT_BYTES have room; returns its end. */
static inline char *append_int(char *to, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char digits[2 * INT_BYTES];
	size_t n = INT_BYTES;

	if (value < 0)
		*to++ = '-';
	if (rest < 10) {
		*to++ = (char)('0' + rest);
		return to;
	}
	for (; rest > UINT32_MAX; rest /= 100) {
		n -= 2;
		memcpy(digits + n, pairs + rest % 100 * 2, 2);
	}
	for (uint32_t less = (uint32_t)rest; less; less /= 100) {
		n -= 2;
		memcpy(digits + n, pairs + less % 100 * 2, 2);
	}
	n += digits[n] == '0';
	memcpy(to, digits + n, INT_BYTES);
	return to + INT_BYTES - n;
}

static void put_int(struct explain_writer *w, int64_t value)
{
	room(w, SLACK);
	w->len = (size_t)(append_int(w->buf + w->len, value) - w->buf);
}

/* One character that cannot stand for itself; returns its length in @text. */
static size_t put_special(struct explain_writer *w, const char *text, size_t len)
{
	unsigned char c = (unsigned char)*text;
	size_t n;

	if (c == '"' || c == '\\') {
		w->buf[w->len++] = '\\';
		w->buf[w->len++] = (char)c;
		return 1;
	}
	if (c < 0x20 || c == 0x7f) {
		w->len += (size_t)sprintf(w->buf + w->len, "\\u%04x", c);
		return 1;
	}
	n = oom_utf8_len(text, len);
	if (n)
		memcpy(w->buf + w->len, text, n);
	else
		memcpy(w->buf + w->len, "\xef\xbf\xbd", 3);
	w->len += n ? n : 3;
	return n ? n : 1;
}

static inline bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_text(struct explain_writer *w, const char *text)
{
	const char *p = text;

	if (!text) {
		PUT(w, "null");
		return;
	}
	PUT(w, "\"");
	while (*p) {
		char *to;

		room(w, SLACK);
		to = w->buf + w->len;
		for (size_t i = 0; i < SLACK && is_plain((unsigned char)*p); i++)
			*to++ = *p++;
		w->len = (size_t)(to - w->buf);
		if (*p && !is_plain((unsigned char)*p)) {
			room(w, SLACK);
			p += put_special(w, p, strnlen(p, 4));
		}
	}
	PUT(w, "\"");
}

static void put_key(struct explain_writer *w, const char *name)
{
	room(w, SLACK);
	w->buf[w->len++] = '"';
	put(w, name, strlen(name));
	w->buf[w->len++] = '"';
	w->buf[w->len++] = ':';
}

static void put_fields(struct explain_writer *w, const struct oom_field *field, const void *object)
{
	bool any = false;

	for (; field->name; field++) {
		bool text = field->type == OOM_FIELD_TEXT;
		bool none = text ? !oom_field_text(field, object)
				 : oom_field_int(field, object) == field->none;

		room(w, SLACK);
		if (any)
			w->buf[w->len++] = ',';
		any = true;
		memcpy(w->buf + w->len, field->key, OOM_FIELD_KEY);
		w->len += field->key_len;
		if (none)
			PUT(w, "null");
		else if (text)
			put_text(w, oom_field_text(field, object));
		else
			put_int(w, oom_field_int(field, object));
	}
}

/* A row of a table, without what is null: in thousands the missing columns are the same in all. */
static void put_task(struct explain_writer *w, const struct oom_task *task)
{
	char comma = '{';

	for (const struct oom_field *field = oom_task_fields; field->name; field++) {
		char *to;

		if (field->type == OOM_FIELD_TEXT ? !oom_field_text(field, task)
						  : oom_field_int(field, task) == field->none)
			continue;
		room(w, SLACK);
		to = w->buf + w->len;
		*to++ = comma;
		comma = ',';
		memcpy(to, field->key, OOM_FIELD_KEY);
		to += field->key_len;
		if (field->type == OOM_FIELD_INT)
			to = append_int(to, oom_field_int(field, task));
		w->len = (size_t)(to - w->buf);
		if (field->type == OOM_FIELD_TEXT)
			put_text(w, oom_field_text(field, task));
	}
	if (comma == '{')
		PUT(w, "{");
	PUT(w, "}");
}

static void put_tasks(struct explain_writer *w, const struct oom_task *tasks, size_t count)
{
	PUT(w, "[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			PUT(w, ",");
		put_task(w, tasks + i);
	}
	PUT(w, "]");
}

static void put_process(struct explain_writer *w, const char *comm, int64_t pid)
{
	if (!comm && pid < 0) {
		PUT(w, "null");
		return;
	}
	PUT(w, "{\"comm\":");
	put_text(w, comm);
	PUT(w, ",\"pid\":");
	if (pid < 0)
		PUT(w, "null");
	else
		put_int(w, pid);
	PUT(w, "}");
}

static void put_known(struct explain_writer *w, const char *name, int64_t value)
{
	PUT(w, ",");
	put_key(w, name);
	if (value < 0)
		PUT(w, "null");
	else
		put_int(w, value);
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
		put_int(w, zone->node);
		PUT(w, ",\"zone\":");
		put_text(w, zone->name);
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
	put_text(w, memory->memcg ? "memcg" : n ? "machine" : NULL);
	put_known(w, "swap_usage_kib", memory->swap_usage_kib);
	put_known(w, "swap_limit_kib", memory->swap_limit_kib);
	put_known(w, "swap_total_kib", memory->swap_total_kib);
	put_known(w, "swap_free_kib", memory->swap_free_kib);
	put_known(w, "ram_kib", memory->ram_kib);
	PUT(w, ",\"held_kib\":{");
	for (size_t i = 0; i < n; i++) {
		if (i)
			PUT(w, ",");
		put_key(w, shares[i].name);
		put_int(w, shares[i].kib);
	}
	PUT(w, "}");
	put_zones(w, memory);
	PUT(w, "}");
}

static void put_gfp(struct explain_writer *w, const struct oom_incident *incident,
	const struct oom_kill *kill)
{
	PUT(w, ",\"gfp_mask\":");
	if (kill->gfp_mask < 0) {
		PUT(w, "null");
	} else {
		char text[32];

		put(w, text, (size_t)snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", kill->gfp_mask));
	}
	PUT(w, ",\"gfp_flags\":");
	put_text(w, incident->gfp_names);
}

static void json_kill(struct explain_writer *w, const struct oom_incident *incident,
	const struct oom_kill *kill)
{
	put(w, w->any ? ",\n{" : "\n{", w->any ? 3 : 2);
	w->any = true;
	put_fields(w, oom_kill_fields, kill);
	PUT(w, ",\"when\":");
	put_text(w, incident->when);
	PUT(w, ",\"killer\":");
	put_text(w, oom_killer_name(kill->killer));
	PUT(w, ",\"constraint\":");
	put_text(w, oom_constraint_name(kill->constraint));
	PUT(w, ",\"victim\":{");
	put_fields(w, oom_task_fields, &kill->victim);
	PUT(w, "},\"invoker\":");
	put_process(w, kill->invoker_comm, kill->invoker_pid);
	put_gfp(w, incident, kill);
	PUT(w, ",\"oom_group\":");
	put(w, kill->oom_group ? "true" : "false", kill->oom_group ? 4 : 5);
	PUT(w, ",\"chosen\":");
	put_process(w, kill->chosen_comm, kill->chosen_pid);
	PUT(w, ",\"kernel\":");
	put_text(w, incident->kernel);
	put_known(w, "score", incident->score);
	put_known(w, "invoked_us", incident->invoked_us);
	put_known(w, "reaped_us", incident->reaped_us);
	put_known(w, "signal", incident->signal);
	PUT(w, ",\"prediction\":");
	put_text(w, prediction_name(oom_badness_compare(incident, kill)));
	put_memory(w, incident);
	put_known(w, "tasks_dropped", incident->n_dropped);
	PUT(w, ",\"tasks\":");
	put_tasks(w, kill->tasks, kill->n_tasks);
	PUT(w, ",\"ranking\":");
	put_tasks(w, kill->ranking, kill->n_ranking);
	PUT(w, "}");
}

static void put_notes(struct explain_writer *w, const char *name, const struct explain_notes *notes)
{
	PUT(w, ",\n");
	put_key(w, name);
	PUT(w, "[");
	for (size_t i = 0; i < notes->n; i++) {
		put(w, i ? ",\n{\"line\":" : "\n{\"line\":", i ? 10 : 9);
		put_int(w, notes->notes[i].line);
		put_known(w, "time_us", notes->notes[i].time_us);
		PUT(w, ",\"text\":");
		put_text(w, notes->notes[i].text);
		PUT(w, "}");
	}
	PUT(w, "]");
}

static void json_end(struct explain_writer *w, const struct explain_end *end)
{
	PUT(w, "]");
	put_notes(w, "panics", end->panics);
	put_notes(w, "unrecognised", end->unrecognised);
	put_notes(w, "unfinished", end->unfinished);
	put_notes(w, "systemd_kills", end->signals);
	PUT(w, ",\n\"counts\":{\"kills\":");
	put_int(w, end->kills);
	put_known(w, "panics", end->panics->total);
	put_known(w, "unrecognised", end->unrecognised->total);
	put_known(w, "unfinished", end->unfinished->total);
	put_known(w, "systemd_kills", end->signals->total);
	put_known(w, "quoted", end->counts->quoted);
	put_known(w, "imitations", end->counts->imitations);
	put_known(w, "repeats", end->counts->repeats);
	put_known(w, "cut_lines", end->counts->cut_lines);
	put_known(w, "lines", end->counts->lines);
	put_known(w, "bytes", end->counts->bytes);
	PUT(w, "},\n\"complete\":");
	put(w, end->damage ? "false" : "true", end->damage ? 5 : 4);
	PUT(w, ",\"damage\":");
	put_text(w, end->damage);
	PUT(w, "}\n");
}

static int json_open(FILE *out, struct explain_writer **ret)
{
	struct explain_writer *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = out;
	w->rc = 0;
	w->any = false;
	w->len = 0;
	PUT(w, "{\"schema\":\"oomgate.explain/1\",\"kills\":[");
	*ret = w;
	return 0;
}

static int json_close(struct explain_writer *w)
{
	int rc;

	drain(w);
	rc = w->rc;
	free(w);
	return rc;
}

const struct explain_format explain_json = {
	.name = "json",
	.help = "oomgate.explain/1: everything that the log says, and the ranking",
	.rank = 10,
	.open = json_open,
	.kill = json_kill,
	.end = json_end,
	.flush = drain,
	.close = json_close,
};
