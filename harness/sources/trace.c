// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/trace.h"
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "harness/state/evidence.h"
#include "lib/base/cleanup.h"

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

static int trace_add_kill(struct oom_attempt *record, const struct oom_trace_event *ev)
{
	struct oom_kill *kill;

	for (size_t i = 0; i < record->n_kills; i++)
		if (record->kills[i].victim.pid == ev->pid ||
			record->kills[i].victim.tgid == ev->pid)
			return 0;
	/* the log has no line of it: a kill all the same, of which only this is known */
	kill = oom_attempt_add_kill(record);
	if (!kill)
		return -ENOMEM;
	kill->victim.pid = ev->pid;
	kill->victim.comm = ev->comm;
	kill->time_us = ev->time_us;
	kill->invoker_pid = ev->task_pid;
	kill->invoker_comm = ev->task_comm;
	return 0;
}

static int trace_add_signal(struct oom_attempt *record, const struct oom_trace_event *ev)
{
	struct oom_signal_rec *rec = oom_attempt_add_signal(record);

	if (!rec)
		return -ENOMEM;
	rec->time_us = ev->time_us;
	rec->sender_pid = ev->task_pid;
	rec->sender_comm = ev->task_comm;
	rec->target_pid = ev->pid;
	rec->target_comm = ev->comm;
	rec->signal = ev->signal;
	rec->code = ev->code;
	return 0;
}

static void trace_write_out(const struct oom_run_state *run, const struct trace_source *s)
{
	oom_autoclose int out = oom_evidence_open(run, "trace"), in = -1;
	char buf[8192];
	ssize_t n;

	in = openat(s->instance_fd, "trace", O_RDONLY | O_CLOEXEC);
	while (out >= 0 && in >= 0 && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return;
}

static int trace_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct trace_source *s = slot->priv;
	struct oom_trace_event *events;
	uint64_t lost;
	size_t count;
	int r;

	oom_trace_stop(s->instance_fd);
	r = oom_trace_read(s->instance_fd, &record->arena, &events, &count, &lost);
	if (r < 0)
		return r;
	slot->records = (int64_t)count;
	slot->lost = (int64_t)lost;
	if (lost) {
		slot->state = OOM_SOURCE_LOST;
		snprintf(slot->note, sizeof(slot->note),
			"the trace buffer overran: %llu events lost", (unsigned long long)lost);
	}
	for (size_t i = 0; i < count && r >= 0; i++)
		if (events[i].kind == OOM_TRACE_SIGNAL)
			r = trace_add_signal(record, &events[i]);
		else if (lost || oom_trace_is_kill(events, i))
			r = trace_add_kill(record, &events[i]);
	trace_write_out(slot->run, s);
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
