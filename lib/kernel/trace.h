/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_TRACE_H
#define OOM_TRACE_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A trace instance of our own (Documentation/trace/ftrace.rst, "Instances") with the two events that
 * settle who killed whom: oom:mark_victim and signal:signal_generate. Neither is rate-limited.
 */

enum oom_trace_kind { OOM_TRACE_MARK_VICTIM, OOM_TRACE_SIGNAL, OOM_TRACE_MARK };

struct oom_trace_event {
	enum oom_trace_kind kind;
	int64_t time_us; /* CLOCK_MONOTONIC (trace clock "mono") */
	int64_t task_pid; /* who was running: the invoker, or the sender */
	const char *task_comm;
	int64_t pid; /* the victim, or the signal's target */
	const char *comm; /* NULL: not printed (mark_victim on 5.10); MARK: its text */
	int64_t signal, code; /* SIGNAL: code OOM_TRACE_BY_KERNEL, or 0: a process (SI_USER) */
};
enum { OOM_TRACE_BY_KERNEL = 128 }; /* SI_KERNEL, as the tracepoint prints it */
enum {
	OOM_TRACE_IGNORED = 1
}; /* its result: TRACE_SIGNAL_IGNORED (include/trace/events/signal.h) */

#define OOM_TRACE_GUEST_INSTANCE "oomgate-guest" /* made before the guest is saved */

/* The tracing directory, where tracefs(5) is mounted below @root_fd (or AT_FDCWD); -ENOENT. */
int oom_tracing_open(int root_fd);
/* Makes instances/@name below the tracing directory @tracing_fd, sized and filtered, and still off; one that
 * is there was made by this, and is taken. *@ret_fd: the instance's directory. */
int oom_trace_open(int tracing_fd, const char *name, struct oom_err *err, int *ret_fd);
/* Switches it on, and off. */
int oom_trace_start(int instance_fd);
int oom_trace_stop(int instance_fd);
/* Is it on, and are its events and their filters still as oom_trace_open() set them? Anybody with root may change
 * that, and an event that is off loses what nobody counts. */
bool oom_trace_is_armed(int instance_fd);
/* Forgets all events so far (O_TRUNC: Documentation/trace/ftrace.rst). */
int oom_trace_clear(int instance_fd);
/* Writes @text to trace_marker: an entry MARK, where the instance is on and has room. 0 or -errno. */
int oom_trace_mark(int instance_fd, const char *text);

/* All that an instance holds. */
struct oom_trace {
	char *text; /* the "trace" file; malloc()ed */
	size_t len;
	struct oom_trace_event *events; /* in order, in the arena */
	size_t count;
	uint64_t lost; /* overwritten, or dropped */
	uint64_t not_understood; /* lines of the text that are no event of ours */
	bool stats_missing; /* no per_cpu/cpu0/stats: whether something was lost is not known */
};
int oom_trace_read(int instance_fd, struct oom_arena *arena, struct oom_trace *ret);
void oom_trace_free(struct oom_trace *trace);
/* The entry that was written last with oom_trace_mark(@text); NULL: it is not there. */
const struct oom_trace_event *oom_trace_find_mark(const struct oom_trace *trace, const char *text);
/*
 * Is @events[@i], a mark_victim, a kill? The killer sends SIGKILL first; without one it was found dying
 * anyway and was only let at the memory reserves, of which the log says nothing (mm/oom_kill.c,
 * task_will_free_mem() and __oom_kill_process()). Ask only when no event was lost.
 */
bool oom_trace_is_kill(const struct oom_trace_event *events, size_t i);
/* Removes instances/@name. */
int oom_trace_remove(int tracing_fd, const char *name);

/*
 * The next entry of a "trace" file's text, taken off the front of @text; strings are copied into @arena. 1, 0 at
 * the end, -ENOMEM, or -EBADMSG: a line that is none of our events, or not whole; it was taken off, too.
 */
int oom_trace_next(struct oom_arena *arena, struct oom_span *text, struct oom_trace_event *ret);

#endif
