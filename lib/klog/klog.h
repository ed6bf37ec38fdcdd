/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_H
#define OOM_KLOG_H

#include "lib/record/kill.h"
#include "lib/klog/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The kernel-log reader: one pass over a log of any length, in bounded memory (at most about 12 MiB,
 * and that only for a dump of 32768 tasks), in any mixture of the frames of lib/klog/frame.h.
 *
 * It is an iterator: oom_klog_next() hands out one event at a time, in the order of the log.
 */

#define OOM_STACK_FRAMES 64

enum oom_event {
	OOM_EVENT_END = 0,
	OOM_EVENT_KILL,		/* a process was killed for want of memory: .kill */
	OOM_EVENT_PANIC,	/* the kernel gave up: .text, and the context in .kill */
	OOM_EVENT_UNFINISHED,	/* the killer was invoked, or chose, and no kill follows */
	OOM_EVENT_SIGNAL,	/* systemd killed a process of a unit itself: .kill */
	OOM_EVENT_UNRECOGNISED, /* looks like an OOM line and is not understood: .text */
};

/* What one event is about. Strings and arrays are valid until the next call of oom_klog_next(). */
struct oom_incident {
	enum oom_event event;
	struct oom_kill kill;
	const char *when;	 /* wall clock up to the hour, as the log writes it; NULL */
	const char *text;	 /* of PANIC and UNRECOGNISED: the line */
	const char *kernel;	 /* release of the kernel, where the report names it */
	const char *mems_allowed; /* "0-1,4": nodes that the invoker may use */
	const char *gfp_names;	  /* flags of the request as the kernel spells them; NULL */
	int64_t invoked_us;	 /* the kernel's clock at "invoked oom-killer", -1 */
	int64_t reaped_us;	 /* at "oom_reaper: reaped process", -1: not printed */
	int64_t page_kib;	 /* page size as the report implies it, -1 */
	int64_t score;		 /* "score N" of "Kill process", -1 */
	int64_t printed;	 /* how often the kill was printed */
	int64_t n_dropped;	 /* rows of the task table beyond the bound */
	const char *const *stack; /* who called whom in the invoker, innermost first: "out_of_memory+0x1bd/0x4e0" */
	size_t n_stack;		  /* at most OOM_STACK_FRAMES of them */
	bool sysrq;		 /* asked for by sysrq-f */
	bool allocating;	 /* oom_kill_allocating_task */
	bool shares_memory;	 /* killed because it shares the victim's memory */
	bool children;		 /* a kernel that prefers children of the chosen */
	bool table;		 /* a task table was seen */
	bool root_bonus;	 /* a kernel that spares root's processes 3 % (2.6.36 to 4.16) */
	bool scores;		 /* a kernel whose badness is by oom_score_adj (2.6.36 and later) */
	int signal;		 /* SIGTERM of earlyoom; else SIGKILL */
	struct oom_memory memory;
};

/* Numbers about the whole log; valid at any time. */
struct oom_klog_counts {
	int64_t lines, bytes;
	int64_t quoted;	    /* kill texts that programs repeated: not counted as kills */
	int64_t imitations; /* kernel-like lines that were written by programs (facility not 0) */
	int64_t repeats;    /* kills that were printed again */
	int64_t cut_lines;  /* longer than the bound: their rest was skipped */
};

/*
 * Where the bytes come from. Up to @size bytes into @buf; 0: the end; -EAGAIN: nothing more for now
 * (then what waits for its end is handed out, and oom_klog_next() returns -EAGAIN, too); another
 * -errno ends the reading, and is handed on after the events of what was read.
 */
typedef ssize_t oom_klog_read(void *context, char *buf, size_t size);

struct oom_klog;
struct oom_arena;

enum oom_klog_flags {
	OOM_KLOG_BRIEF = 1 << 0, /* who was killed and by whom: no task tables, no memory picture */
};

/* -ENOMEM. */
int oom_klog_new(oom_klog_read *read, void *context, unsigned flags, struct oom_klog **ret);
struct oom_klog *oom_klog_free(struct oom_klog *log); /* takes NULL, returns NULL */

/* The next event, OOM_EVENT_END at the end, or -errno (-ENOMEM, or what read() returned). */
int oom_klog_next(struct oom_klog *log, const struct oom_incident **ret);

/* A copy of a kill and all it points to, in @arena. -ENOMEM. */
int oom_kill_copy(struct oom_arena *arena, const struct oom_kill *from, struct oom_kill *ret);

const struct oom_klog_counts *oom_klog_counts(const struct oom_klog *log);

#endif
