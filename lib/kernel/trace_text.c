// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/trace.h"

#include <errno.h>

/*
 * The text of a "trace" file. A process may call itself anything, newlines and the words of a trace included, and
 * the kernel prints that as it is. But its name has at most 15 bytes (TASK_COMM_LEN), and stands in a place that the
 * rest of the entry fixes: at the front in 16 columns, in an event before a tail that is longer than any name. So
 * each entry is read as what it must be, from its first byte to its last, and never looked for.
 */
enum { COMM_COLUMNS = 16, COMM_BYTES = 15 };

static bool take_word(struct oom_span *s, const char *word)
{
	return oom_span_skip(s, (struct oom_span){word, strlen(word)});
}

static bool skip_digits(struct oom_span *s)
{
	size_t n = 0;

	while (n < s->len && oom_is_digit(s->at[n]))
		n++;
	*s = oom_span_from(*s, n);
	return n > 0;
}

/* "key123", the number. */
static bool take_field(struct oom_span *s, const char *key, int64_t *ret)
{
	return take_word(s, key) && s->len && oom_span_take_int(s, ret);
}

/* "   12.345678: ", of a clock that counts nanoseconds (kernel/trace/trace_output.c, trace_print_time()). */
static bool take_time(struct oom_span *s, int64_t *ret_us)
{
	struct oom_span digits;

	while (s->len && *s->at == ' ')
		*s = oom_span_from(*s, 1);
	digits = *s;
	if (!skip_digits(&digits) || !take_word(&digits, ".") || !skip_digits(&digits))
		return false;
	if (!oom_span_take_seconds(s, ret_us))
		return false;
	return take_word(s, ": ");
}

/* "%16s-%-7d [%03d] flags time: " (trace_print_context()): @s is taken up to the event's name. */
static bool take_head(struct oom_span *s, struct oom_trace_event *ev, struct oom_span *ret_comm)
{
	struct oom_span in = *s, comm = {in.at, COMM_COLUMNS};
	size_t flags = 0;

	if (in.len <= COMM_COLUMNS)
		return false;
	in = oom_span_from(in, COMM_COLUMNS);
	if (!take_field(&in, "-", &ev->task_pid) || ev->task_pid < 0 || !take_word(&in, " "))
		return false;
	while (in.len && *in.at == ' ')
		in = oom_span_from(in, 1);
	if (!take_word(&in, "[") || !skip_digits(&in) || !take_word(&in, "] "))
		return false;
	while (flags < in.len && in.at[flags] != ' ' && in.at[flags] != '\n')
		flags++;
	in = oom_span_from(in, flags);
	if (!take_word(&in, " ") || !take_time(&in, &ev->time_us))
		return false;
	while (comm.len && *comm.at == ' ')
		comm = oom_span_from(comm, 1);
	*ret_comm = comm;
	*s = in;
	return true;
}

/* " pid=1234 grp=1 res=0\n" */
static bool take_signal_tail(struct oom_span *s, int64_t *ret_pid)
{
	int64_t ignored;

	return take_field(s, " pid=", ret_pid) && take_field(s, " grp=", &ignored) &&
		take_field(s, " res=", &ignored) && take_word(s, "\n");
}

/* " total-vm=4096kB anon-rss=…\n": what follows the size has changed since, but not that it ends the line. */
static bool take_victim_tail(struct oom_span *s, int64_t *ret_kib)
{
	const char *eol;

	if (!take_field(s, " total-vm=", ret_kib) || !take_word(s, "kB "))
		return false;
	eol = memchr(s->at, '\n', s->len);
	if (!eol)
		return false;
	*s = oom_span_from(*s, (size_t)(eol + 1 - s->at));
	return true;
}

/*
 * A name and the tail behind it. Only one length can be right: a tail that began within the name would have the
 * beginning of the true one in its midst.
 */
static bool take_comm(struct oom_span *s, bool (*take_tail)(struct oom_span *s, int64_t *ret),
	struct oom_span *ret_comm, int64_t *ret)
{
	for (size_t len = COMM_BYTES + 1; len-- > 0;) {
		struct oom_span rest = oom_span_from(*s, len);

		if (len > s->len || !take_tail(&rest, ret))
			continue;
		*ret_comm = (struct oom_span){s->at, len};
		*s = rest;
		return true;
	}
	return false;
}

/* "sig=9 errno=0 code=128 comm=x pid=1234 grp=1 res=0" (include/trace/events/signal.h) */
static bool take_signal(struct oom_span *s, struct oom_trace_event *ev, struct oom_span *ret_comm)
{
	int64_t ignored;

	ev->kind = OOM_TRACE_SIGNAL;
	return take_field(s, "sig=", &ev->signal) && take_field(s, " errno=", &ignored) &&
		take_field(s, " code=", &ev->code) && take_word(s, " comm=") &&
		take_comm(s, take_signal_tail, ret_comm, &ev->pid);
}

/* "pid=1234" (5.10), "pid=1234 comm=x total-vm=…" (6.1 stable and later; include/trace/events/oom.h) */
static bool take_victim(struct oom_span *s, struct oom_trace_event *ev, struct oom_span *ret_comm)
{
	int64_t ignored;

	ev->kind = OOM_TRACE_MARK_VICTIM;
	if (!take_field(s, "pid=", &ev->pid))
		return false;
	return take_word(s, "\n") ||
		(take_word(s, " comm=") && take_comm(s, take_victim_tail, ret_comm, &ignored));
}

/* "tracing_mark_write: TEXT\n": what was written to trace_marker. Which of the kernel's functions is named differs. */
static bool take_mark(struct oom_span *s, struct oom_trace_event *ev, struct oom_span *ret_text)
{
	const char *eol = s->len ? memchr(s->at, '\n', s->len) : NULL;
	ptrdiff_t colon;

	if (!eol)
		return false;
	colon = oom_span_find((struct oom_span){s->at, (size_t)(eol - s->at)}, OOM_SPAN(": "));
	if (colon <= 0)
		return false;
	ev->kind = OOM_TRACE_MARK;
	*ret_text = (struct oom_span){s->at + colon + 2, (size_t)(eol - s->at - colon - 2)};
	*s = oom_span_from(*s, (size_t)(eol + 1 - s->at));
	return true;
}

static int take_event(struct oom_arena *arena, struct oom_span *s, struct oom_trace_event *ret)
{
	struct oom_trace_event ev = {.pid = -1, .task_pid = -1};
	struct oom_span in = *s, task, comm = {NULL, 0};
	bool ok;

	if (!take_head(&in, &ev, &task))
		return -EBADMSG;
	if (take_word(&in, "signal_generate: "))
		ok = take_signal(&in, &ev, &comm);
	else if (take_word(&in, "mark_victim: "))
		ok = take_victim(&in, &ev, &comm);
	else
		ok = take_mark(&in, &ev, &comm);
	if (!ok)
		return -EBADMSG;
	ev.task_comm = oom_arena_strndup(arena, task.at, task.len);
	ev.comm = oom_arena_strndup(arena, comm.at, comm.len);
	*s = in;
	*ret = ev;
	return arena->failed ? -ENOMEM : 1;
}

int oom_trace_next(struct oom_arena *arena, struct oom_span *text, struct oom_trace_event *ret)
{
	const char *eol;
	struct oom_span line;
	int r;

	/* comments: no entry begins like that, names have a blank in front */
	for (; text->len && *text->at == '#'; *text = oom_span_from(*text, line.len + 1)) {
		eol = memchr(text->at, '\n', text->len);
		line = (struct oom_span){text->at, eol ? (size_t)(eol - text->at) : text->len};
	}
	if (!text->len)
		return 0;
	r = take_event(arena, text, ret);
	if (r != -EBADMSG)
		return r;
	eol = memchr(text->at, '\n', text->len);
	*text = oom_span_from(*text, eol ? (size_t)(eol + 1 - text->at) : text->len);
	return r;
}
