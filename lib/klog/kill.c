// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kill line: __oom_kill_process() and oom_kill_process() of mm/oom_kill.c. */
#include "lib/klog/kill.h"

#include "lib/klog/shape.h"

#include <fcntl.h>
#include <unistd.h>

/* TASK_COMM_LEN is 16 with its NUL; a name of escaped bytes was unescaped before */
#define COMM_BYTES 15

static bool comm_can_end_before(struct oom_span rest)
{
	static const struct oom_span tails[] = {
		OOM_SPAN(" total-vm:"),
		OOM_SPAN(" vsz:"),
		OOM_SPAN(", UID"),
		OOM_SPAN(" score "),
		OOM_SPAN("."),
		OOM_SPAN(","),
		OOM_SPAN("\n"),
		OOM_SPAN(" "),
		OOM_SPAN("total-vm:"),
	};

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (oom_span_starts(rest, tails[i]))
			return true;
	}
	return !rest.len;
}

/* The tails that say most: where one of them stands, the name ends for certain. */
static bool comm_surely_ends_before(struct oom_span rest)
{
	return oom_span_starts(rest, OOM_SPAN(" total-vm:")) ||
		oom_span_starts(rest, OOM_SPAN("\ntotal-vm:")) ||
		oom_span_starts(rest, OOM_SPAN(" vsz:")) ||
		oom_span_starts(rest, OOM_SPAN(", UID ")) ||
		oom_span_starts(rest, OOM_SPAN(" score ")) ||
		oom_span_starts(rest, OOM_SPAN(", now anon-rss:")) ||
		oom_span_starts(rest, OOM_SPAN(" sharing same memory"));
}

bool oom_shape_take_comm(struct oom_span *s, struct oom_span *ret)
{
	ptrdiff_t end = -1;
	size_t limit = s->len < COMM_BYTES + 1 ? s->len : COMM_BYTES + 1;

	for (size_t i = limit; i-- > 0 && end < 0;) {
		if (s->at[i] == ')' && comm_surely_ends_before(oom_span_from(*s, i + 1)))
			end = (ptrdiff_t)i;
	}
	for (size_t i = limit; i-- > 0 && end < 0;) {
		if (s->at[i] == ')' && comm_can_end_before(oom_span_from(*s, i + 1)))
			end = (ptrdiff_t)i;
	}
	if (end < 0) {
		/* a name that no kernel prints in this length, or cut off: take what there is */
		const char *close = memchr(s->at, ')', s->len < 64 ? s->len : 64);

		if (!close)
			return false;
		end = close - s->at;
	}
	*ret = (struct oom_span){s->at, (size_t)end};
	*s = oom_span_from(*s, (size_t)end + 1);
	return true;
}

/* Drops ", " and blanks of any kind. */
static void skip_separators(struct oom_span *s)
{
	while (s->len && (oom_is_blank(*s->at) || *s->at == ',' || *s->at == '.'))
		*s = oom_span_from(*s, 1);
}

static int64_t *size_of_key(struct oom_span key, struct oom_task *task)
{
	if (oom_span_is(key, OOM_SPAN("total-vm")) || oom_span_is(key, OOM_SPAN("vsz")) ||
		oom_span_is(key, OOM_SPAN("vm")))
		return &task->total_vm_kib;
	if (oom_span_is(key, OOM_SPAN("anon-rss")))
		return &task->anon_rss_kib;
	if (oom_span_is(key, OOM_SPAN("file-rss")))
		return &task->file_rss_kib;
	if (oom_span_is(key, OOM_SPAN("shmem-rss")))
		return &task->shmem_rss_kib;
	if (oom_span_is(key, OOM_SPAN("rss")))
		return &task->rss_kib;
	if (oom_span_is(key, OOM_SPAN("UID")))
		return &task->uid;
	if (oom_span_is(key, OOM_SPAN("pgtables")))
		return &task->pgtables_kib;
	if (oom_span_is(key, OOM_SPAN("oom_score_adj")))
		return &task->oom_score_adj;
	return NULL;
}

void oom_shape_take_sizes(struct oom_span *s, struct oom_shape *shape)
{
	for (;;) {
		struct oom_span rest = *s, key;
		int64_t value = 0, *to;
		size_t n = 0;
		bool fits;

		skip_separators(&rest);
		while (n < rest.len &&
			(rest.at[n] == '-' || rest.at[n] == '_' || (rest.at[n] | 0x20) >= 'a'))
			n++;
		key = (struct oom_span){rest.at, n};
		rest = oom_span_from(rest, n);
		to = size_of_key(key, &shape->task);
		if (!oom_span_skip(&rest, OOM_SPAN(":")) &&
			!(to == &shape->task.uid && oom_span_skip(&rest, OOM_SPAN(" "))))
			return;
		if (!n || !rest.len)
			return;
		fits = oom_span_take_int(&rest, &value) && !oom_span_is_cut(rest);
		if (rest.at == key.at + n)
			return;
		/* a size is one with its unit: "anon-rss:12" may be cut off in the middle */
		if (to && fits && to != &shape->task.uid && to != &shape->task.oom_score_adj)
			fits = oom_span_skip(&rest, OOM_SPAN("kB"));
		else
			oom_span_skip(&rest, OOM_SPAN("kB"));
		if (to && fits)
			*to = value;
		*s = rest;
	}
}

/* "Memory cgroup out of memory: ", "Out of memory (oom_kill_allocating_task): " and their kin */
static void take_prefix(struct oom_span *s, struct oom_shape *shape)
{
	struct oom_span head = {s->at, s->len < 40 ? s->len : 40};
	ptrdiff_t at, colon;

	/* most have none, and begin with the verb */
	if (oom_span_starts(*s, OOM_SPAN("Kill")))
		return;
	at = oom_span_find_nocase(head, OOM_SPAN("out of memory"));
	if (at < 0)
		return;
	/* "Memory cgroup "; somebody who quotes has more than words before it */
	for (ptrdiff_t i = 0; i < at; i++) {
		if (s->at[i] != ' ' && (s->at[i] | 0x20) < 'a')
			return;
	}
	head.len = s->len < 96 ? s->len : 96;
	shape->memcg =
		oom_span_find_nocase((struct oom_span){s->at, (size_t)at}, OOM_SPAN("cgroup")) >= 0;
	/* "Out of memory in UB 101": a container's share, which is no cgroup */
	shape->global = !shape->memcg &&
		!oom_span_starts(oom_span_from(head, (size_t)at + 13), OOM_SPAN(" in UB "));
	colon = oom_span_find(oom_span_from(head, (size_t)at), OOM_SPAN(": "));
	if (colon < 0)
		colon = oom_span_find(oom_span_from(head, (size_t)at), OOM_SPAN(":"));
	if (colon < 0)
		return;
	head.len = (size_t)(at + colon);
	shape->allocating = oom_span_find(head, OOM_SPAN("allocating_task")) >= 0;
	*s = oom_span_from(*s, head.len + 1);
	oom_span_skip_blanks(s);
}

/* The verb: has it been done, or is it only meant? */
static bool take_verb(struct oom_span *s, struct oom_shape *shape)
{
	static const struct {
		struct oom_span words;
		enum oom_shape_kind kind;
	} verbs[] = {
		{OOM_SPAN("Killed process "), OOM_SHAPE_KILL},
		{OOM_SPAN("killed process "), OOM_SHAPE_KILL},
		{OOM_SPAN("OOM killed process "), OOM_SHAPE_KILL},
		{OOM_SPAN("VM: killing process "), OOM_SHAPE_KILL},
		{OOM_SPAN("Killing process "), OOM_SHAPE_KILL},
		{OOM_SPAN("Kill process "), OOM_SHAPE_ANNOUNCE},
		{OOM_SPAN("kill process "), OOM_SHAPE_ANNOUNCE},
		{OOM_SPAN("Kill task "), OOM_SHAPE_ANNOUNCE},
		{OOM_SPAN("Killed process\n"), OOM_SHAPE_KILL},
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (oom_span_skip(s, verbs[i].words)) {
			shape->kind = verbs[i].kind;
			return true;
		}
	}
	return false;
}

/* "13550, UID 500, (java) total-vm:…", "13550 (java), UID 500, total-vm:…", "13550 (java)." */
static void take_process(struct oom_span *s, struct oom_shape *shape)
{
	struct oom_span rest = *s;

	skip_separators(&rest);
	if (oom_span_skip(&rest, OOM_SPAN("UID "))) {
		oom_span_take_int(&rest, &shape->task.uid);
		skip_separators(&rest);
		*s = rest;
	}
	if (oom_span_skip(&rest, OOM_SPAN("(")) && oom_shape_take_comm(&rest, &shape->comm))
		*s = rest;
}

/* "VM: killing process x": 2.4 did not tell the pid; "x(12)" in architectures of 2.6 */
static bool take_nameless(struct oom_span s, struct oom_shape *shape)
{
	ptrdiff_t open = oom_span_find_last(s, OOM_SPAN("("));

	if (open > 0) {
		struct oom_span rest = oom_span_from(s, (size_t)open + 1);

		if (oom_span_take_int(&rest, &shape->task.pid))
			s.len = (size_t)open;
	}
	oom_span_trim_end(&s);
	shape->global = true;
	shape->comm = s;
	shape->complete = true;
	return s.len > 0 && s.len <= COMM_BYTES;
}

bool oom_shape_parse_kill(struct oom_span text, struct oom_shape *shape)
{
	struct oom_span s = text;
	bool vm = oom_span_starts(s, OOM_SPAN("VM: "));

	take_prefix(&s, shape);
	if (!take_verb(&s, shape))
		return false;
	/* without a reason before it, that verb is anybody's */
	if (oom_span_starts(text, OOM_SPAN("Killing")))
		return false;
	shape->len = text.len;
	if (vm)
		return take_nameless(s, shape);
	oom_span_skip_blanks(&s);
	if (!oom_span_take_int(&s, &shape->task.pid))
		return false;
	if (oom_span_is_cut(s))
		shape->task.pid = -1;
	take_process(&s, shape);
	if (shape->kind == OOM_SHAPE_KILL) {
		if (oom_span_skip(&s, OOM_SPAN(" score ")))
			oom_span_take_int(&s, &shape->score);
		oom_shape_take_sizes(&s, shape);
		shape->complete = shape->comm.at &&
			(shape->task.oom_score_adj != OOM_ADJ_UNKNOWN ||
				oom_span_starts(s, OOM_SPAN(".")));
	} else {
		ptrdiff_t score = oom_span_find(s, OOM_SPAN("score "));
		struct oom_span number = oom_span_from(s, score < 0 ? s.len : (size_t)score + 6);

		oom_span_take_int(&number, &shape->score);
		shape->shares_memory = oom_span_find(s, OOM_SPAN("sharing same memory")) >= 0;
		shape->children = oom_span_find(s, OOM_SPAN("child")) >= 0;
		if (shape->shares_memory)
			shape->kind = OOM_SHAPE_KILL;
		shape->complete = true;
	}
	shape->len = (size_t)(s.at - text.at);
	return true;
}
