// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/trace.h"
#include "harness/host/process.h"
#include "harness/sources/marker.h"
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "harness/state/evidence.h"
#include "lib/base/cleanup.h"
#include "lib/record/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/*
 * The tracepoints oom:mark_victim and signal:signal_generate in an instance of oomgate's own. They are never
 * rate-limited and name the sender: they settle what the log leaves open.
 */
struct trace_source {
	int tracing_fd, instance_fd;
	char name[64];
};

static int trace_open(struct oom_source_slot *slot, struct oom_err *err)
{
	struct trace_source *s = oom_arena_alloc(&slot->run->arena, sizeof(*s));
	struct oom_err why;
	int r;

	if (!s)
		return oom_err_set(err, ENOMEM, "no memory for the trace");
	slot->priv = s;
	s->instance_fd = -1;
	s->tracing_fd = oom_tracing_open(AT_FDCWD);
	if (s->tracing_fd < 0)
		return oom_source_absent(slot,
			"cannot read tracefs (root, and 'mount -t tracefs tracefs "
			"/sys/kernel/tracing')");
	if (slot->run->in_guest) {
		snprintf(s->name, sizeof(s->name), OOM_TRACE_GUEST_INSTANCE);
	} else {
		snprintf(s->name, sizeof(s->name), "oomgate-%s", slot->run->token);
		r = oom_undo_add(slot->run->undo, err, "trace", s->name, NULL);
		if (r < 0)
			return r;
	}
	if (oom_trace_open(s->tracing_fd, s->name, &why, &s->instance_fd) < 0)
		return oom_source_absent(slot, "%s", why.msg);
	r = oom_trace_start(s->instance_fd);
	if (r < 0)
		return oom_source_absent(
			slot, "cannot enable the trace instance: %s", strerror(-r));
	return 0;
}

/* In the log's clock, where it is known: what stands beside a line of it can be compared with it. */
static int64_t log_time_us(const struct oom_run_state *run, int64_t time_us)
{
	return run->log_offset_us == INT64_MIN ? time_us : time_us - run->log_offset_us;
}

static int trace_add_signal(const struct oom_run_state *run, struct oom_attempt *record,
	const struct oom_trace_event *ev)
{
	struct oom_signal_rec *rec = oom_attempt_add_signal(record);

	if (!rec)
		return -ENOMEM;
	rec->time_us = log_time_us(run, ev->time_us);
	rec->sender_pid = ev->task_pid;
	rec->sender_comm = ev->task_comm;
	rec->target_pid = ev->pid;
	rec->target_comm = ev->comm;
	rec->signal = ev->signal;
	rec->code = ev->code;
	return 0;
}

/* Kills that the log does not tell of, between those that it does. */
static int trace_add_kills(
	const struct oom_run_state *run, struct oom_attempt *record, const struct oom_trace *trace)
{
	struct oom_marked_kill *marked =
		oom_arena_alloc(&record->arena, (trace->count + 1) * sizeof(*marked));
	size_t n = 0;

	if (!marked)
		return -ENOMEM;
	for (size_t i = 0; i < trace->count; i++) {
		const struct oom_trace_event *ev = &trace->events[i];

		if (ev->kind != OOM_TRACE_MARK_VICTIM ||
			(!trace->lost && !oom_trace_is_kill(trace->events, i)))
			continue;
		marked[n++] = (struct oom_marked_kill){.pid = ev->pid,
			.comm = ev->comm,
			.time_us = log_time_us(run, ev->time_us),
			.invoker_pid = ev->task_pid,
			.invoker_comm = ev->task_comm};
	}
	return oom_kills_merge(
		record, marked, n, run->log_offset_us == INT64_MIN ? -1 : run->log_offset_error_us);
}

static void trace_write_out(const struct oom_run_state *run, const struct oom_trace *trace)
{
	oom_autoclose int out = oom_evidence_open(run, "trace");
	size_t done = 0;

	while (out >= 0 && done < trace->len) {
		ssize_t n = write(out, trace->text + done, trace->len - done);

		if (n < 0)
			return;
		done += (size_t)n;
	}
}

/* The trace is whole up to the mark, and its events were on, or it is lost. */
static void trace_judge(
	struct oom_source_slot *slot, const struct oom_trace *trace, bool marked, bool armed)
{
	slot->records = (int64_t)trace->count - marked;
	slot->lost = (int64_t)(trace->lost + trace->not_understood);
	if (armed && !trace->lost && !trace->not_understood && !trace->stats_missing && marked)
		return;
	slot->state = OOM_SOURCE_LOST;
	if (!armed) {
		slot->lost = -1;
		snprintf(slot->note, sizeof(slot->note),
			"somebody switched its events off or changed their filters");
	} else if (trace->lost) {
		snprintf(slot->note, sizeof(slot->note),
			"the trace buffer overran: %llu events lost",
			(unsigned long long)trace->lost);
	} else if (trace->not_understood) {
		snprintf(slot->note, sizeof(slot->note),
			"%llu lines of the trace are not understood",
			(unsigned long long)trace->not_understood);
	} else {
		slot->lost = -1;
		snprintf(slot->note, sizeof(slot->note), "%s",
			marked ? "the trace does not tell what its buffers lost"
			       : "oomgate's own mark at the end of the trace was not read back");
	}
}

/* The mark tells which clock the trace has: that of CLOCK_MONOTONIC, else it is brought to it. */
static void trace_set_clock(struct oom_trace *trace, const struct oom_trace_event *mark,
	uint64_t before, uint64_t after)
{
	enum { ROUNDING_US = 2 };
	int64_t shift = mark ? (int64_t)before - mark->time_us : 0;

	if (!mark ||
		(mark->time_us >= (int64_t)before - ROUNDING_US &&
			mark->time_us <= (int64_t)after + ROUNDING_US))
		return;
	for (size_t i = 0; i < trace->count; i++)
		trace->events[i].time_us += shift;
}

static int trace_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct trace_source *s = slot->priv;
	char marker[OOM_MARKER_BYTES];
	const struct oom_trace_event *mark;
	struct oom_trace trace;
	uint64_t before, after;
	bool armed;
	int r;

	oom_marker_make("end", marker);
	before = oom_monotonic_us();
	oom_trace_mark(s->instance_fd, marker); /* what becomes of it shows */
	after = oom_monotonic_us();
	armed = oom_trace_is_armed(s->instance_fd);
	oom_trace_stop(s->instance_fd);
	r = oom_trace_read(s->instance_fd, &record->arena, &trace);
	if (r < 0)
		return r;
	mark = oom_trace_find_mark(&trace, marker);
	trace_judge(slot, &trace, mark != NULL, armed);
	trace_set_clock(&trace, mark, before, after);
	for (size_t i = 0; i < trace.count && r >= 0; i++)
		if (trace.events[i].kind == OOM_TRACE_SIGNAL)
			r = trace_add_signal(slot->run, record, &trace.events[i]);
	if (r >= 0)
		r = trace_add_kills(slot->run, record, &trace);
	trace_write_out(slot->run, &trace);
	oom_trace_free(&trace);
	return r;
}

static void trace_close(struct oom_source_slot *slot)
{
	struct trace_source *s = slot->priv;

	if (!s)
		return;
	if (s->instance_fd >= 0) {
		if (slot->run->in_guest) /* which has no other: the next attempt must not find these */
			(void)oom_trace_clear(s->instance_fd);
		close(s->instance_fd);
		if (!slot->run->in_guest) /* a guest goes as a whole */
			oom_trace_remove(s->tracing_fd, s->name);
	}
	if (s->tracing_fd >= 0)
		close(s->tracing_fd);
}

static const char *const provides[] = {"mark_victim", "signal_generate", NULL};

const struct oom_source oom_source_trace = {
	.name = "trace",
	.provides = provides,
	.help = "tracepoints oom:mark_victim and signal:signal_generate in an instance of "
		"oomgate's own",
	.open = trace_open,
	.collect = trace_collect,
	.close = trace_close,
};
