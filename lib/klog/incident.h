/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_INCIDENT_H
#define OOM_KLOG_INCIDENT_H

#include "lib/base/arena.h"
#include "lib/klog/frame.h"
#include "lib/klog/klog.h"
#include "lib/klog/part.h"
#include "lib/klog/shape.h"
#include "lib/klog/table.h"
#include "lib/record/incident.h"

/* The longest text that is put together from broken-off pieces; an "oom-kill:" line with two paths of
 * PATH_MAX and a name fits. */
#define OOM_CARRY_BYTES 10240

/*
 * Puts lines together to incidents. One report at a time: its header, its tables and its kill are
 * printed under one lock.
 */
struct oom_assembly {
	struct oom_incident now; /* being put together, or handed out */
	struct oom_arena arena; /* its strings */
	struct oom_incident aside; /* an event of one line, beside the report under way */
	struct oom_arena aside_arena;
	const struct oom_incident *out; /* of the last EVENT or AGAIN */
	struct oom_klog_table table;
	const char *stack[OOM_STACK_FRAMES];
	size_t n_stack;
	struct oom_klog_counts counts;
	unsigned flags;
	bool handed_out; /* .now was given to the caller: begin anew with the next line */
	bool has_header, has_oom_kill, has_announce, has_kill;
	bool in_group; /* more kills belong to it: memory.oom.group */
	bool memcg, global; /* what the report's own words say */
	const char *oom_memcg, *task_memcg;
	const char *chosen_comm;
	int64_t chosen_pid, chosen_uid;
	enum oom_constraint constraint;
	int64_t first_pid; /* of a group: it is printed again */
	int64_t active_line, active_us; /* when the report last said something */
	int64_t sysrq_line; /* where sysrq-f was pressed, -1 */
	struct oom_klog_past past;
	struct oom_recent
		first[OOM_RECENT]; /* deaths that were seen before .past was full of our own */
	size_t n_deaths;
	/* a daemon that kills for want of memory: where it was heard last (0: never), whom it has chosen */
	enum oom_killer daemon;
	int64_t daemon_line, daemon_pid;
	size_t daemon_comm_len;
	char daemon_comm[64];
	/* a text whose end may be on the next line */
	enum oom_shape_kind carry_kind; /* NONE: nothing */
	bool carry_row;
	int carry_known;
	size_t carry_len;
	char carry[OOM_CARRY_BYTES];
	char scratch[OOM_CARRY_BYTES]; /* unescaped text */
};

enum oom_step {
	OOM_STEP_GO, /* the line is used up */
	OOM_STEP_EVENT, /* the line is used up, and .out is an event */
	OOM_STEP_AGAIN, /* .out is an event; hand the same line in again */
};

void oom_assembly_init(struct oom_assembly *a, unsigned flags);
void oom_assembly_release(struct oom_assembly *a);

/* The end, or a pause of a live log: hands out what waits. OOM_STEP_EVENT or OOM_STEP_GO. */
int oom_assembly_flush(struct oom_assembly *a);
/* Is a report under way whose lines have no words of their own (tables, sizes)? */
bool oom_assembly_wants_all(const struct oom_assembly *a, int64_t number);
/* Does a text wait for its rest? */
bool oom_assembly_is_broken_off(const struct oom_assembly *a);

/* May lines of a stack trace be left out now? Not the invoker's, which stands behind the header. */
static inline bool oom_assembly_skips_code(const struct oom_assembly *a)
{
	return !a->table.open && !a->carry_row && a->carry_kind == OOM_SHAPE_NONE &&
		(!a->has_header || a->has_kill || a->flags & OOM_KLOG_BRIEF);
}

/* Between the files of the assembly */

/* Forgets the report, or, in a group, what belongs to the member that was handed out. */
void oom_assembly_settle(struct oom_assembly *a);
void oom_assembly_reset(struct oom_assembly *a);
/* Makes room for a new report: AGAIN when an old one must be handed out first. */
int oom_assembly_begin(struct oom_assembly *a);
/* Completes .now and makes it the event. */
void oom_assembly_finish(struct oom_assembly *a, enum oom_event event);
bool oom_assembly_in_report(const struct oom_assembly *a);
bool oom_assembly_is_stale(const struct oom_assembly *a, int64_t number, int64_t time_us);
/* Was this process's death told before? */
bool oom_assembly_repeats(const struct oom_assembly *a, const struct oom_klog_line *line,
	int64_t pid, struct oom_span comm);
void oom_assembly_remember(struct oom_assembly *a, const struct oom_klog_line *line, int64_t pid,
	struct oom_span comm);
/* An event of this one line, in .aside: text and time are set. */
struct oom_incident *oom_assembly_aside(struct oom_assembly *a, enum oom_event event,
	const struct oom_klog_line *line, int64_t number);

/* What one line of such a program says. */
struct oom_user_kill {
	enum oom_killer killer;
	enum oom_event event;
	int64_t pid, uid, adj, anon_kib;
	struct oom_span comm, cgroup;
	int signal;
};

#endif
