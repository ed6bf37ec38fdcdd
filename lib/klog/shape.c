// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/shape.h"

#include "lib/klog/kill.h"
#include "lib/klog/scan.h"

/* Text between @before and @after in @s; .at NULL where one of them is missing. */
static struct oom_span between(struct oom_span s, struct oom_span before, struct oom_span after)
{
	ptrdiff_t from = oom_span_find(s, before), to;
	struct oom_span rest;

	if (from < 0)
		return (struct oom_span){NULL, 0};
	rest = oom_span_from(s, (size_t)from + before.len);
	to = oom_span_find(rest, after);
	if (to < 0)
		return (struct oom_span){NULL, 0};
	return (struct oom_span){rest.at, (size_t)to};
}

/* The number behind @key; untouched where there is none. */
static void number_after(struct oom_span s, struct oom_span key, int64_t *ret)
{
	ptrdiff_t at = oom_span_find(s, key);
	struct oom_span rest;

	if (at < 0)
		return;
	rest = oom_span_from(s, (size_t)at + key.len);
	oom_span_take_int(&rest, ret);
}

/* "x invoked oom-killer: gfp_mask=0xd0, order=0, …"; without x up to 2.6.16 */
static bool parse_header(struct oom_span s, struct oom_shape *shape)
{
	ptrdiff_t at = oom_span_find(s, OOM_SPAN("oom-killer:")), gfp;
	struct oom_span rest;

	/* "x invoked oom-killer", and the rest left out by who wrote of it */
	if (at < 0 && s.len > 19 &&
		oom_span_starts(oom_span_from(s, s.len - 19), OOM_SPAN(" invoked oom-killer")))
		at = (ptrdiff_t)s.len - 10;
	if (at < 0)
		return false;
	if (at >= 9 && oom_span_starts(oom_span_from(s, (size_t)at - 9), OOM_SPAN(" invoked ")))
		shape->comm = (struct oom_span){s.at, (size_t)at - 9};
	else if (at != 0)
		return false;
	/* TASK_COMM_LEN: what is longer is no process name, but a text that quotes */
	if (shape->comm.len > 15)
		return false;
	rest = oom_span_from(s, (size_t)at + 11);
	gfp = oom_span_find(rest, OOM_SPAN("gfp_mask"));
	if (gfp >= 0) {
		struct oom_span mask = oom_span_from(rest, (size_t)gfp + 9);

		oom_span_skip_blanks(&mask);
		/* behind a name something follows it, or else it was cut off */
		if (oom_span_take_hex(&mask, &shape->gfp_mask) && shape->comm.at &&
			(!mask.len || oom_span_is_cut(mask)))
			shape->gfp_mask = -1;
		if (oom_span_starts(mask, OOM_SPAN("(")))
			shape->gfp_names = between(mask, OOM_SPAN("("), OOM_SPAN(")"));
	}
	number_after(rest, OOM_SPAN("order="), &shape->order);
	number_after(rest, OOM_SPAN("oom_score_adj="), &shape->adj);
	shape->complete = shape->adj != OOM_ADJ_UNKNOWN;
	shape->kind = OOM_SHAPE_HEADER;
	return true;
}

/* "CPU: 3 PID: 473206 Comm: x Not tainted 6.1.1", "Pid: 1118, comm: stress Not tainted" */
static bool parse_pidline(struct oom_span s, struct oom_shape *shape)
{
	ptrdiff_t at;

	if (oom_span_starts(s, OOM_SPAN("CPU: "))) {
		at = oom_span_find(s, OOM_SPAN(" PID: "));
		if (at < 0)
			return false;
		s = oom_span_from(s, (size_t)at + 6);
	} else if (!oom_span_skip(&s, OOM_SPAN("Pid: "))) {
		return false;
	}
	if (!oom_span_take_int(&s, &shape->task.pid))
		return false;
	if (oom_span_skip(&s, OOM_SPAN(" Comm: ")) || oom_span_skip(&s, OOM_SPAN(", comm: "))) {
		at = oom_span_find(s, OOM_SPAN(" Not tainted"));
		if (at < 0)
			at = oom_span_find(s, OOM_SPAN(" Tainted:"));
		shape->comm = (struct oom_span){s.at, at < 0 ? s.len : (size_t)at};
	}
	shape->kind = OOM_SHAPE_PIDLINE;
	return true;
}

static bool parse_task_in(struct oom_span s, struct oom_shape *shape)
{
	static const struct oom_span middle = OOM_SPAN(" killed as a result of limit of ");
	ptrdiff_t at;

	if (!oom_span_skip(&s, OOM_SPAN("Task in ")))
		return false;
	at = oom_span_find(s, middle);
	shape->kind = OOM_SHAPE_TASK_IN;
	shape->memcg = true;
	if (at < 0)
		return s.len > 0 && *s.at == '/';
	shape->task_memcg = (struct oom_span){s.at, (size_t)at};
	shape->oom_memcg = oom_span_from(s, (size_t)at + middle.len);
	shape->complete = shape->oom_memcg.len > 0;
	for (size_t mark = 1; mark <= 3 && mark < shape->oom_memcg.len; mark += 2) {
		if (oom_span_is_cut(oom_span_from(shape->oom_memcg, shape->oom_memcg.len - mark)))
			shape->oom_memcg.at = NULL;
	}
	return true;
}

static enum oom_constraint constraint_of(struct oom_span word)
{
	if (oom_span_is(word, OOM_SPAN("CONSTRAINT_NONE")))
		return OOM_CONSTRAINT_NONE;
	if (oom_span_is(word, OOM_SPAN("CONSTRAINT_CPUSET")))
		return OOM_CONSTRAINT_CPUSET;
	if (oom_span_is(word, OOM_SPAN("CONSTRAINT_MEMORY_POLICY")))
		return OOM_CONSTRAINT_MEMPOLICY;
	if (oom_span_is(word, OOM_SPAN("CONSTRAINT_MEMCG")))
		return OOM_CONSTRAINT_MEMCG;
	return OOM_CONSTRAINT_UNKNOWN;
}

/*
 * ",task=x,pid=7,uid=0" at the end: read from the right, because a name may hold ",pid=9". The name
 * begins at the first ",task=" from which it would not be longer than a name can be.
 */
static void parse_oom_kill_task(struct oom_span s, struct oom_shape *shape)
{
	ptrdiff_t pid = oom_span_find_last(s, OOM_SPAN(",pid=")), task = -1;
	struct oom_span number;

	if (pid < 0)
		return;
	number = oom_span_from(s, (size_t)pid + 5);
	oom_span_skip_blanks(&number);
	oom_span_take_int(&number, &shape->task.pid);
	if (oom_span_skip(&number, OOM_SPAN(",uid="))) {
		oom_span_skip_blanks(&number);
		shape->complete = oom_span_take_int(&number, &shape->task.uid);
	}
	for (ptrdiff_t i = pid - 6; i >= 0 && i >= pid - 6 - 15; i--) {
		if (!memcmp(s.at + i, ",task=", 6))
			task = i;
	}
	if (task >= 0)
		shape->comm = (struct oom_span){s.at + task + 6, (size_t)(pid - task) - 6};
	if (task < 0)
		return;
	s.len = (size_t)task;
	pid = oom_span_find(s, OOM_SPAN(",task_memcg="));
	if (pid < 0) /* its name in the kernels that had the line first; as long */
		pid = oom_span_find(s, OOM_SPAN(",kill_memcg="));
	if (pid >= 0)
		shape->task_memcg = oom_span_from(s, (size_t)pid + 12);
}

/* "0-1,4" */
static struct oom_span take_number_list(struct oom_span *s)
{
	size_t n = 0;

	while (n < s->len &&
		(oom_is_digit(s->at[n]) || s->at[n] == '-' ||
			(s->at[n] == ',' && n + 1 < s->len && oom_is_digit(s->at[n + 1]))))
		n++;
	*s = oom_span_from(*s, n);
	return (struct oom_span){n ? s->at - n : NULL, n};
}

/* ",mems_allowed=0-1,global_oom", ",oom_memcg=P": where memory ran out. Early forms lack the words. */
static void parse_oom_kill_domain(struct oom_span s, struct oom_shape *shape)
{
	ptrdiff_t at = oom_span_find(s, OOM_SPAN(",mems_allowed=")), end;

	if (at >= 0) {
		s = oom_span_from(s, (size_t)at + 14);
		shape->mems_allowed = take_number_list(&s);
	}
	if (oom_span_starts(s, OOM_SPAN(",global_oom"))) {
		shape->global = true;
		return;
	}
	if (!oom_span_skip(&s, OOM_SPAN(",oom_memcg="))) {
		at = oom_span_find(s, OOM_SPAN(",oom_memcg="));
		if (at < 0) {
			shape->oom_memcg =
				between(s, OOM_SPAN(",origin_memcg="), OOM_SPAN(",kill_memcg="));
			return;
		}
		s = oom_span_from(s, (size_t)at + 11);
	}
	end = oom_span_find(s, OOM_SPAN(",task_memcg="));
	if (end >= 0)
		shape->oom_memcg = (struct oom_span){s.at, (size_t)end};
}

static bool parse_oom_kill(struct oom_span s, struct oom_shape *shape)
{
	size_t n = 0;

	if (!oom_span_skip(&s, OOM_SPAN("oom-kill:")))
		return false;
	oom_span_skip_blanks(&s);
	/* "constraint=", whatever the case in which a page shows it */
	if (s.len < 11 ||
		oom_span_find_nocase((struct oom_span){s.at, 11}, OOM_SPAN("constraint=")) != 0)
		return false;
	s = oom_span_from(s, 11);
	while (n < s.len && s.at[n] != ',')
		n++;
	shape->kind = OOM_SHAPE_OOM_KILL;
	shape->constraint = constraint_of((struct oom_span){s.at, n});
	parse_oom_kill_domain(s, shape);
	shape->memcg = shape->oom_memcg.at || shape->constraint == OOM_CONSTRAINT_MEMCG;
	parse_oom_kill_task(s, shape);
	if (shape->comm.at)
		return true;
	/* cut off before the name: the group may still be whole */
	shape->task_memcg = between(s, OOM_SPAN(",task_memcg="), OOM_SPAN(",task="));
	return true;
}

static bool parse_group(struct oom_span s, struct oom_shape *shape)
{
	ptrdiff_t at;

	if (!oom_span_skip(&s, OOM_SPAN("Tasks in ")))
		return false;
	at = oom_span_find(s, OOM_SPAN(" are going to be killed"));
	shape->kind = OOM_SHAPE_GROUP;
	shape->memcg = true;
	shape->complete = at >= 0;
	shape->task_memcg = (struct oom_span){s.at, at < 0 ? s.len : (size_t)at};
	return at >= 0 || (s.len && *s.at == '/');
}

static bool parse_reaped(struct oom_span s, struct oom_shape *shape)
{
	if (!oom_span_skip(&s, OOM_SPAN("oom_reaper: ")))
		return false;
	shape->kind = OOM_SHAPE_HARMLESS; /* "unable to reap pid:…" */
	if (oom_span_skip(&s, OOM_SPAN("reaped process ")) &&
		oom_span_take_int(&s, &shape->task.pid)) {
		shape->kind = OOM_SHAPE_REAPED;
		if (oom_span_skip(&s, OOM_SPAN(" (")) && oom_shape_take_comm(&s, &shape->comm) &&
			oom_span_skip(&s, OOM_SPAN(", now ")))
			oom_shape_take_sizes(&s, shape);
	}
	return true;
}

static bool parse_panic(struct oom_span s, struct oom_shape *shape)
{
	if (!oom_span_skip(&s, OOM_SPAN("Kernel panic - not syncing")))
		return false;
	if (oom_span_find_nocase(s, OOM_SPAN("out of memory")) < 0 &&
		oom_span_find_nocase(s, OOM_SPAN("deadlocked on memory")) < 0 &&
		oom_span_find(s, OOM_SPAN("panic_on_oom")) < 0)
		return false;
	shape->kind = OOM_SHAPE_PANIC;
	shape->memcg = oom_span_find_nocase(s, OOM_SPAN("cgroup")) >= 0;
	return true;
}

static bool parse_words(struct oom_span s, struct oom_shape *shape)
{
	if (oom_span_starts(s, OOM_SPAN("sysrq: Manual OOM execution")) ||
		oom_span_starts(s, OOM_SPAN("sysrq: SysRq : Manual OOM execution")) ||
		oom_span_starts(s, OOM_SPAN("SysRq : Manual OOM execution")) ||
		oom_span_starts(s, OOM_SPAN("SysRq: Manual OOM execution"))) {
		shape->kind = OOM_SHAPE_SYSRQ;
		return true;
	}
	if (oom_span_find(s, OOM_SPAN("no killable process")) >= 0 &&
		oom_span_find_nocase(s, OOM_SPAN("out of memory")) >= 0) {
		shape->kind = OOM_SHAPE_NO_VICTIM;
		return true;
	}
	if (oom_span_starts(s, OOM_SPAN("OOM killer ")) ||
		oom_span_starts(s, OOM_SPAN("OOM request ignored")) ||
		oom_span_starts(s, OOM_SPAN("---[ end Kernel panic")) ||
		oom_span_starts(s, OOM_SPAN("Freezing ")) ||
		oom_span_starts(s, OOM_SPAN("Tasks state (memory values")) ||
		oom_span_find(s, OOM_SPAN("oom_kill_process")) >= 0) {
		shape->kind = OOM_SHAPE_HARMLESS;
		return true;
	}
	return false;
}

/* The few shapes that do not speak of killing. */
static bool parse_quiet(struct oom_span s, struct oom_shape *ret)
{
	if (!s.len)
		return false;
	switch (*s.at) {
	case 'C':
	case 'P':
		return parse_pidline(s, ret);
	case 'T':
		return parse_task_in(s, ret) || parse_group(s, ret);
	case 'o':
		return parse_reaped(s, ret);
	default:
		return false;
	}
}

static void shape_init(struct oom_shape *shape, size_t len)
{
	static const struct oom_shape nothing = {
		.score = -1, .gfp_mask = -1, .order = INT64_MIN, .adj = OOM_ADJ_UNKNOWN};

	*shape = nothing;
	oom_task_init(&shape->task);
	shape->len = len;
}

bool oom_shape_speaks(struct oom_span text)
{
	return oom_klog_marks(text.at, text.at + text.len) & OOM_MARK_SPEAKS;
}

bool oom_shape_parse(struct oom_span text, struct oom_shape *ret)
{
	return oom_shape_parse_known(text, oom_shape_speaks(text), ret);
}

bool oom_shape_parse_known(struct oom_span text, bool speaks, struct oom_shape *ret)
{
	static bool (*const parsers[])(struct oom_span, struct oom_shape *) = {
		/* those that are known by their first word come first */
		parse_oom_kill,
		parse_task_in,
		parse_group,
		parse_reaped,
		parse_pidline,
		oom_shape_parse_kill,
		parse_panic,
		parse_header,
		parse_words,
	};
	struct oom_span s = text;

	oom_span_skip_blanks(&s);
	ret->kind = OOM_SHAPE_NONE;
	if (!speaks && (!s.len || (*s.at != 'C' && *s.at != 'P' && *s.at != 'T' && *s.at != 'o')))
		return false;
	shape_init(ret, s.len + (size_t)(s.at - text.at));
	if (!speaks) {
		if (parse_quiet(s, ret))
			return true;
		ret->kind = OOM_SHAPE_NONE;
		return false;
	}
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		if (parsers[i](s, ret))
			return true;
		/* these set what they find before they know */
		if (parsers[i] == oom_shape_parse_kill || parsers[i] == parse_header)
			shape_init(ret, s.len + (size_t)(s.at - text.at));
	}
	ret->kind = OOM_SHAPE_NONE;
	return false;
}

bool oom_shape_suspicious(struct oom_span text)
{
	static const struct oom_span words[] = {
		OOM_SPAN("out of memory"),
		OOM_SPAN("oom-kill"),
		OOM_SPAN("killed process"),
		OOM_SPAN("kill process"),
		OOM_SPAN("oom killer"),
	};

	if (!oom_shape_speaks(text))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (oom_span_find_nocase(text, words[i]) >= 0)
			return true;
	}
	return false;
}
