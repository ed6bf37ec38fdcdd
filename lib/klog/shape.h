/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_SHAPE_H
#define OOM_KLOG_SHAPE_H

#include "lib/base/span.h"
#include "lib/record/kill.h"

/*
 * What a line of a kernel's OOM report says, by its shape and never by a version: mm/oom_kill.c,
 * mm/memcontrol.c and mm/page_alloc.c from 2.4 to 7.2 with what vendors made of them.
 */

enum oom_shape_kind {
	OOM_SHAPE_NONE,
	OOM_SHAPE_HEADER, /* "x invoked oom-killer: gfp_mask=…" */
	OOM_SHAPE_PIDLINE, /* "CPU: 1 PID: 7 Comm: x": who the header speaks of */
	OOM_SHAPE_TASK_IN, /* "Task in T killed as a result of limit of L" */
	OOM_SHAPE_OOM_KILL, /* "oom-kill:constraint=…" */
	OOM_SHAPE_ANNOUNCE, /* "Out of memory: Kill process …": chosen, not yet killed */
	OOM_SHAPE_KILL, /* "Killed process N (x) …" */
	OOM_SHAPE_GROUP, /* "Tasks in P are going to be killed due to memory.oom.group set" */
	OOM_SHAPE_REAPED, /* "oom_reaper: reaped process N (x)" */
	OOM_SHAPE_PANIC, /* the kernel gave up for want of memory */
	OOM_SHAPE_SYSRQ, /* "sysrq: Manual OOM execution" */
	OOM_SHAPE_NO_VICTIM, /* "Out of memory and no killable processes..." */
	OOM_SHAPE_HARMLESS, /* speaks of OOM and is understood: nothing died */
};

struct oom_shape {
	enum oom_shape_kind kind;
	struct oom_task
		task; /* the process of KILL, ANNOUNCE, OOM_KILL, REAPED, PIDLINE; .comm unset */
	struct oom_span comm; /* its name, or the invoker's of HEADER */
	struct oom_span oom_memcg, task_memcg; /* .at NULL: not said */
	bool memcg; /* "Memory cgroup out of memory" */
	bool global; /* "Out of memory", "global_oom" */
	bool allocating; /* "(oom_kill_allocating_task)" */
	bool shares_memory; /* "Kill process N (x) sharing same memory" */
	bool complete; /* all that such a line has: no part of it can be on the next line */
	bool children; /* old kernels: "or sacrifice child": a child may die instead */
	struct oom_span mems_allowed; /* of OOM_KILL */
	enum oom_constraint constraint;
	int64_t score; /* of ANNOUNCE: 0…1000, or pages in old kernels; -1 */
	struct oom_span gfp_names; /* "GFP_KERNEL|__GFP_ZERO", since 4.6 */
	int64_t gfp_mask, order, adj; /* of HEADER; -1, INT64_MIN, OOM_ADJ_UNKNOWN */
	size_t len; /* bytes of the text that belong to it: another record may be joined */
};

/* @text: a kernel's line without its frame. False: nothing of an OOM report's own words. */
bool oom_shape_parse(struct oom_span text, struct oom_shape *ret);
/* The same where it is known whether @text @speaks. */
bool oom_shape_parse_known(struct oom_span text, bool speaks, struct oom_shape *ret);

/* Is there a word about killing, a panic or OOM in @text? What has none is never told of. */
bool oom_shape_speaks(struct oom_span text);

/* Does @text speak of processes killed or of memory run out? For what is not understood. */
bool oom_shape_suspicious(struct oom_span text);

#endif
