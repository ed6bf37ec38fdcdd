// SPDX-License-Identifier: LGPL-2.1-or-later
/* What each shape of a line does to the report under way. */
#include "lib/klog/apply.h"

#include "lib/klog/incident.h"

#include <errno.h>
#include <signal.h>

static const char *copy(struct oom_assembly *a, struct oom_span s)
{
	return s.at ? oom_arena_strndup(&a->arena, s.at, s.len) : NULL;
}

/* sysrq-f prints its line right before the report */
static void take_sysrq(struct oom_assembly *a, int64_t number)
{
	a->now.sysrq |= a->sysrq_line >= 0 && number - a->sysrq_line <= 20;
	a->sysrq_line = -1;
}

static void apply_header(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	struct oom_kill *kill = &a->now.kill;

	a->has_header = true;
	if (shape->comm.len)
		kill->invoker_comm = copy(a, shape->comm);
	kill->gfp_mask = shape->gfp_mask;
	if (shape->gfp_names.len)
		a->now.gfp_names = copy(a, shape->gfp_names);
	kill->order = shape->order;
	a->now.invoked_us = line->time_us;
	a->now.when = copy(a, line->hour);
	take_sysrq(a, number);
	kill->line = number;
	kill->time_us = line->time_us;
}

static void apply_chosen(struct oom_assembly *a, const struct oom_shape *shape)
{
	a->chosen_pid = shape->task.pid;
	if (shape->comm.at)
		a->chosen_comm = copy(a, shape->comm);
	if (shape->task.uid >= 0)
		a->chosen_uid = shape->task.uid;
	if (shape->score >= 0)
		a->now.score = shape->score;
	a->memcg |= shape->memcg;
	a->global |= shape->global && !shape->memcg;
	a->now.children |= shape->children;
}

static void apply_oom_kill(struct oom_assembly *a, const struct oom_shape *shape)
{
	a->has_oom_kill = true;
	a->constraint = shape->constraint;
	if (shape->mems_allowed.at)
		a->now.mems_allowed = copy(a, shape->mems_allowed);
	if (shape->oom_memcg.at)
		a->oom_memcg = copy(a, shape->oom_memcg);
	if (shape->task_memcg.at)
		a->task_memcg = copy(a, shape->task_memcg);
	apply_chosen(a, shape);
}

static void apply_kill(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	struct oom_kill *kill = &a->now.kill;

	if (!a->has_kill) {
		kill->line = number;
		kill->time_us = line->time_us;
		a->now.printed = 1;
	}
	a->has_kill = true;
	/* the header may be lost, or was not printed: it is limited in its rate */
	if (!a->has_header)
		take_sysrq(a, number);
	kill->victim = shape->task;
	kill->victim.comm = copy(a, shape->comm);
	a->memcg |= shape->memcg;
	a->global |= shape->global;
	a->now.allocating |= shape->allocating;
	a->now.shares_memory |= shape->shares_memory;
	if (line->hour.at && !a->now.when)
		a->now.when = copy(a, line->hour);
}

/* Is this kill of the group whose killing was announced? */
static bool is_member(const struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	/* up to 4.20 a member's line does not say where memory ran out */
	bool same = shape->memcg == a->memcg || (!shape->memcg && !shape->global);

	return a->in_group && same && !oom_assembly_is_stale(a, number, line->time_us);
}

static int on_kill(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	int64_t pid = shape->task.pid;
	bool member = is_member(a, line, shape, number);
	int rc = OOM_STEP_GO;

	/* of a group's first victim too much may have been printed since to remember it */
	if (pid >= 0 &&
		((member && a->first_pid == pid) ||
			oom_assembly_repeats(a, line, pid, shape->comm))) {
		a->counts.repeats++;
		if (a->has_kill)
			a->now.printed += a->now.kill.victim.pid == pid;
		else if (!member)
			oom_assembly_reset(a); /* the report was about that one */
		return OOM_STEP_GO;
	}
	if (a->has_kill && member) {
		oom_assembly_finish(a, OOM_EVENT_KILL);
		return OOM_STEP_AGAIN;
	}
	if (a->has_kill || (a->in_group && !member) ||
		(!member && oom_assembly_is_stale(a, number, line->time_us)))
		rc = oom_assembly_begin(a);
	if (rc)
		return rc;
	oom_assembly_remember(a, line, pid, shape->comm);
	apply_kill(a, line, shape, number);
	return OOM_STEP_GO;
}

static void on_group(struct oom_assembly *a, const struct oom_shape *shape)
{
	a->in_group = true;
	a->memcg |= shape->memcg && !a->global;
	a->first_pid = a->has_kill ? a->now.kill.victim.pid : -1;
	a->now.kill.oom_group = true;
}

static void on_pidline(
	struct oom_assembly *a, const struct oom_klog_line *line, const struct oom_shape *shape)
{
	struct oom_kill *kill = &a->now.kill;
	ptrdiff_t at = oom_span_find(line->text, OOM_SPAN(" #"));
	struct oom_span rest = {line->text.at, at < 0 ? 0 : (size_t)at};
	size_t n = 0;

	if (!a->has_header || a->has_kill || a->now.kernel)
		return;
	if (kill->invoker_pid < 0)
		kill->invoker_pid = shape->task.pid;
	/* "… 6.1.1-arch1-1 #1": the release stands before the build number */
	while (n < rest.len && rest.at[rest.len - n - 1] != ' ')
		n++;
	if (n)
		a->now.kernel = copy(a, oom_span_from(rest, rest.len - n));
}

static int on_panic(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	int rc = a->has_kill || a->in_group ? oom_assembly_begin(a) : OOM_STEP_GO;

	if (rc)
		return rc;
	a->memcg |= shape->memcg;
	a->now.text = copy(a, line->text);
	a->now.kill.line = number;
	a->now.kill.time_us = line->time_us;
	if (!a->now.when)
		a->now.when = copy(a, line->hour);
	oom_assembly_finish(a, OOM_EVENT_PANIC);
	return OOM_STEP_EVENT;
}

/* Words that belong to a report before its kill; another report's when there was a kill. */
static int on_context(struct oom_assembly *a, const struct oom_shape *shape, bool seen_before)
{
	int rc = a->has_kill || a->in_group || seen_before ? oom_assembly_begin(a) : OOM_STEP_GO;

	if (rc)
		return rc;
	if (shape->kind == OOM_SHAPE_OOM_KILL) {
		apply_oom_kill(a, shape);
	} else if (shape->kind == OOM_SHAPE_ANNOUNCE) {
		a->has_announce = true;
		apply_chosen(a, shape);
	} else {
		a->memcg = true;
		a->task_memcg = copy(a, shape->task_memcg);
		a->oom_memcg = copy(a, shape->oom_memcg);
	}
	return OOM_STEP_GO;
}

static int on_header(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	int rc = oom_assembly_begin(a);

	if (!rc)
		apply_header(a, line, shape, number);
	return rc;
}

int oom_assembly_apply(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	switch (shape->kind) {
	case OOM_SHAPE_HEADER:
		return on_header(a, line, shape, number);
	case OOM_SHAPE_PIDLINE:
		on_pidline(a, line, shape);
		break;
	case OOM_SHAPE_TASK_IN:
		return on_context(a, shape, false);
	case OOM_SHAPE_OOM_KILL:
		return on_context(a, shape, a->has_oom_kill);
	case OOM_SHAPE_ANNOUNCE:
		return on_context(a, shape, a->has_announce && a->chosen_pid != shape->task.pid);
	case OOM_SHAPE_KILL:
		return on_kill(a, line, shape, number);
	case OOM_SHAPE_GROUP:
		on_group(a, shape);
		break;
	case OOM_SHAPE_REAPED:
		if (a->has_kill && a->now.kill.victim.pid == shape->task.pid)
			a->now.reaped_us = line->time_us;
		break;
	case OOM_SHAPE_PANIC:
		return on_panic(a, line, shape, number);
	case OOM_SHAPE_SYSRQ:
		a->sysrq_line = number;
		break;
	default:
		break;
	}
	return OOM_STEP_GO;
}

/* The same line with what was broken off: nothing but what it now says more. */
void oom_assembly_reapply(struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape, int64_t number)
{
	switch (shape->kind) {
	case OOM_SHAPE_HEADER:
		apply_header(a, line, shape, number);
		break;
	case OOM_SHAPE_TASK_IN:
	case OOM_SHAPE_ANNOUNCE:
		on_context(a, shape, false);
		break;
	case OOM_SHAPE_OOM_KILL:
		apply_oom_kill(a, shape);
		break;
	case OOM_SHAPE_KILL:
		apply_kill(a, line, shape, number);
		break;
	default:
		break;
	}
}
