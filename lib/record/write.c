// SPDX-License-Identifier: LGPL-2.1-or-later
/* run.json, written piece by piece: never more than one attempt as a tree. */
#include "lib/base/cleanup.h"
#include "lib/record/record.h"
#include "lib/record/run.h"

#include <errno.h>
#include <string.h>

static const char blanks[] = "                ";

struct writer {
	int (*put)(void *data, const char *text, size_t len);
	void *data;
	size_t flags;
	unsigned indent, depth; /* blanks a depth; where the text of put_lines() stands */
	int r; /* the first failure of @put */
};

static void put(struct writer *w, const char *text, size_t len)
{
	if (w->r >= 0)
		w->r = w->put(w->data, text, len);
}

static void put_text(struct writer *w, const char *text)
{
	put(w, text, strlen(text));
}

static void put_margin(struct writer *w, unsigned depth)
{
	for (size_t left = (size_t)depth * w->indent, n; left; left -= n) {
		n = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;
		put(w, blanks, n);
	}
}

/* A line feed in JSON stands between its values: a text has it as \n. */
static int put_lines(const char *text, size_t len, void *data)
{
	struct writer *w = data;

	while (len) {
		const char *feed = memchr(text, '\n', len);
		size_t n = feed ? (size_t)(feed + 1 - text) : len;

		put(w, text, n);
		if (feed)
			put_margin(w, w->depth);
		text += n;
		len -= n;
	}
	return w->r;
}

/* @json_taken at @depth; 0, -ENOMEM or @put's. */
static int put_json(struct writer *w, unsigned depth, json_t *json_taken)
{
	int r;

	w->depth = depth;
	r = json_taken ? json_dump_callback(json_taken, put_lines, w, w->flags) : -1;
	json_decref(json_taken);
	return w->r < 0 ? w->r : r < 0 ? -ENOMEM : 0;
}

static json_t *summary_to_json(const struct oom_run *run)
{
	json_int_t counts[OOM_VERDICT_COUNT_] = {0};
	json_t *object = json_object();

	for (size_t i = 0; i < run->n_attempts; i++)
		counts[oom_run_entry(run, i).verdict]++;
	for (enum oom_verdict v = 0; v < OOM_VERDICT_COUNT_; v++) {
		if (json_object_set_new(object, oom_verdict_name(v), json_integer(counts[v]))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static int put_results(struct writer *w, const struct oom_run *run)
{
	put_text(w, "[");
	for (size_t i = 0; i < run->n_attempts; i++) {
		oom_borrow const struct oom_attempt *attempt = NULL;
		int r = oom_run_attempt(run, i, &attempt);

		if (r < 0)
			return r;
		put_text(w, i ? ",\n" : "\n");
		put_margin(w, 2);
		r = put_json(w, 2, oom_attempt_to_json(attempt));
		if (r < 0)
			return r;
	}
	if (run->n_attempts) {
		put_text(w, "\n");
		put_margin(w, 1);
	}
	put_text(w, "]");
	return w->r;
}

static void put_member(struct writer *w, const char *name)
{
	put_text(w, ",\n");
	put_margin(w, 1);
	put_text(w, "\"");
	put_text(w, name);
	put_text(w, "\": ");
}

int oom_run_write_json(const struct oom_run *run, unsigned indent, bool ascii,
	int (*put_piece)(void *data, const char *text, size_t len), void *data)
{
	struct writer w = {.put = put_piece,
		.data = data,
		.indent = indent,
		.flags = JSON_INDENT(indent) | (ascii ? JSON_ENSURE_ASCII : 0)};
	json_t *head = oom_run_head_to_json(run);
	oom_autofree char *text = head ? json_dumps(head, w.flags) : NULL;
	size_t len = text ? strlen(text) : 0;
	int r;

	json_decref(head);
	if (len < 2)
		return -ENOMEM;
	put(&w, text, len - 2); /* its end, "\n}", comes later */
	put_member(&w, "results");
	r = put_results(&w, run);
	if (r < 0)
		return r;
	put_member(&w, "summary");
	r = put_json(&w, 1, summary_to_json(run));
	put_text(&w, "\n}");
	return r < 0 ? r : w.r;
}
