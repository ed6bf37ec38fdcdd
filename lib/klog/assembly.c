// SPDX-License-Identifier: LGPL-2.1-or-later
/* From lines to reports: whose words they are, what was broken off, what is not understood. */
#include "lib/klog/assembly.h"

#include "lib/klog/apply.h"
#include "lib/klog/daemon.h"
#include "lib/klog/incident.h"
#include "lib/klog/memory.h"
#include "lib/klog/scan.h"
#include "lib/klog/stack.h"
#include "lib/klog/user.h"

#include <errno.h>
#include <fcntl.h>

/* How much a shape tells; a text joined with its rest must tell more, else it was no rest. */
static int known_of(const struct oom_shape *shape)
{
	const struct oom_task *task = &shape->task;

	return (task->pid >= 0) + (shape->comm.at != NULL) + (task->uid >= 0) +
		(task->total_vm_kib >= 0) + (task->anon_rss_kib >= 0) + (task->file_rss_kib >= 0) +
		(task->shmem_rss_kib >= 0) + (task->pgtables_kib >= 0) +
		(task->oom_score_adj != OOM_ADJ_UNKNOWN) + (shape->gfp_mask >= 0) +
		(shape->order != INT64_MIN) + (shape->adj != OOM_ADJ_UNKNOWN) +
		(shape->oom_memcg.at != NULL) + (shape->task_memcg.at != NULL) + shape->complete;
}

/* Waits for the rest of @text. */
static void carry_set(struct oom_assembly *a, struct oom_span text, const struct oom_shape *shape)
{
	a->carry_kind = OOM_SHAPE_NONE;
	a->carry_row = !shape;
	if (text.len > sizeof(a->carry) / 2) {
		a->carry_row = false;
		return;
	}
	if (text.at != a->carry)
		memcpy(a->carry, text.at, text.len);
	a->carry_len = text.len;
	if (shape) {
		a->carry_kind = shape->kind;
		a->carry_known = known_of(shape);
	}
}

static void carry_drop(struct oom_assembly *a)
{
	a->carry_kind = OOM_SHAPE_NONE;
	a->carry_row = false;
}

/* Could @line be the rest of a broken line? A mailer's or a terminal's break leaves no frame; the
 * kernel breaks a long record itself, and both halves have one. */
static bool may_be_rest(const struct oom_assembly *a, const struct oom_klog_line *line)
{
	struct oom_shape shape;

	if (line->origin == OOM_ORIGIN_BARE && !line->framed)
		return true;
	return line->origin == OOM_ORIGIN_KERNEL &&
		(a->carry_kind == OOM_SHAPE_OOM_KILL || a->carry_kind == OOM_SHAPE_TASK_IN ||
			a->carry_kind == OOM_SHAPE_GROUP) &&
		!oom_shape_parse(line->text, &shape);
}

static struct oom_span carry_join(struct oom_assembly *a, struct oom_span rest, char joiner)
{
	if (a->carry_len + rest.len + 1 > sizeof(a->carry))
		return (struct oom_span){NULL, 0};
	if (joiner)
		a->carry[a->carry_len] = joiner;
	memcpy(a->carry + a->carry_len + (joiner != 0), rest.at, rest.len);
	return (struct oom_span){a->carry, a->carry_len + (joiner != 0) + rest.len};
}

/* "Task in /a killed as a result of limit of /lo", "ng/path": cut at a terminal's edge, it looks whole. */
static bool is_path_rest(const struct oom_assembly *a, struct oom_span rest)
{
	return a->carry_kind == OOM_SHAPE_TASK_IN && !memchr(rest.at, ' ', rest.len);
}

static bool may_go_on(const struct oom_klog_line *line, const struct oom_shape *shape)
{
	if (shape->kind == OOM_SHAPE_TASK_IN && line->framed && line->text.len >= 64)
		return true;
	return !shape->complete && shape->kind != OOM_SHAPE_PIDLINE &&
		shape->kind < OOM_SHAPE_REAPED;
}

/* 1: @line was the rest of the line before. */
static int take_rest(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	struct oom_shape shape;
	struct oom_span whole;
	bool nameless;
	int rc;

	if (!a->carry_row && a->carry_kind == OOM_SHAPE_NONE)
		return 0;
	if (!line->text.len || !may_be_rest(a, line)) {
		carry_drop(a);
		return 0;
	}
	nameless = a->carry_kind == OOM_SHAPE_KILL && !memchr(a->carry, ')', a->carry_len);
	whole = carry_join(a, line->text, a->carry_row ? ' ' : nameless ? '\n' : '\0');
	if (whole.at && a->carry_row) {
		rc = oom_klog_table_row(&a->table, whole);
		if (rc == -EAGAIN) {
			a->carry_len = whole.len;
			return 1;
		}
		carry_drop(a);
		return rc;
	}
	if (!whole.at || !oom_shape_parse(whole, &shape) || shape.kind != a->carry_kind ||
		known_of(&shape) < a->carry_known + !is_path_rest(a, line->text)) {
		carry_drop(a);
		return 0;
	}
	oom_assembly_reapply(a, line, &shape, number);
	if (shape.complete)
		carry_drop(a);
	else
		carry_set(a, whole, &shape);
	return 1;
}

/* A line of the invoker's call trace: 1 when it was one. */
static int take_frame(struct oom_assembly *a, const struct oom_klog_line *line)
{
	struct oom_span frame;

	if (!(line->marks & OOM_MARK_CODE) || a->table.open || a->table.n_rows || !a->has_header ||
		a->has_kill)
		return 0;
	if (!oom_klog_stack_frame(line->text, &frame))
		return 0;
	if (a->n_stack < OOM_STACK_FRAMES)
		a->stack[a->n_stack++] = oom_arena_strndup(&a->arena, frame.at, frame.len);
	return 1;
}

/* Lines of a report that have no words of their own: 1 when it was one. */
static int take_body(struct oom_assembly *a, struct oom_span text)
{
	int rc;

	oom_span_skip_blanks(&text);
	if (!text.len)
		return 0;
	if (*text.at == '[') {
		rc = oom_klog_table_row(&a->table, text);
		if (!rc && oom_klog_table_header(&a->table, text))
			return 1;
		if (rc == -EAGAIN) {
			carry_set(a, text, NULL);
			return 1;
		}
		return rc;
	}
	if (a->table.open && !a->table.n_rows && !a->carry_row &&
		oom_klog_table_more_columns(&a->table, text))
		return 1;
	return oom_memory_line(&a->now.memory, text);
}

/* A record may hold many lines (memory.stat before 6.12). */
static int take_bodies(struct oom_assembly *a, struct oom_span text)
{
	int taken = 0;

	while (text.len) {
		const char *end = memchr(text.at, '\n', text.len);
		struct oom_span piece = {text.at, end ? (size_t)(end - text.at) : text.len};
		int rc = take_body(a, piece);

		if (rc < 0)
			return rc;
		taken |= rc;
		text = oom_span_from(text, piece.len + (end != NULL));
	}
	return taken;
}

/* A table without a header before it: the log begins in the middle of a report. */
static bool opens_report(struct oom_span text)
{
	return oom_span_starts(text, OOM_SPAN("[ pid")) ||
		oom_span_starts(text, OOM_SPAN("[  pid"));
}

/* A daemon's own output has no name on its lines, and asking with SIGTERM needs no word of killing. */
static bool may_be_daemons(
	const struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	return line->origin == OOM_ORIGIN_BARE && line->text.len &&
		((*line->text.at | 0x20) == 's' || oom_assembly_hears_daemon(a, number));
}

/* Nothing that is known. Is it something that should be? */
static int on_unknown(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	struct oom_span head = {line->text.at, line->text.len < 40 ? line->text.len : 40};
	bool known;
	int rc;

	if (!(line->marks & OOM_MARK_SPEAKS) && !may_be_daemons(a, line, number))
		return OOM_STEP_GO;
	rc = oom_assembly_user(a, line, number, &known);
	if (known || !oom_shape_suspicious(line->text))
		return rc;
	/* without a frame, only what begins with the kernel's words is taken for the kernel's */
	if (line->origin == OOM_ORIGIN_BARE && !oom_shape_suspicious(head)) {
		a->counts.quoted++;
		return OOM_STEP_GO;
	}
	oom_assembly_aside(a, OOM_EVENT_UNRECOGNISED, line, number);
	return OOM_STEP_EVENT;
}

/* "Killed process 5 (x)" and nothing else, from nobody: anybody's words. */
static bool is_anybodys(const struct oom_assembly *a, const struct oom_klog_line *line,
	const struct oom_shape *shape)
{
	return shape->kind == OOM_SHAPE_KILL && line->origin == OOM_ORIGIN_BARE && !shape->memcg &&
		!shape->global && !shape->shares_memory && shape->task.total_vm_kib < 0 &&
		!oom_assembly_in_report(a);
}

/* Is the kernel's clock too far on for this line to belong to the report under way? */
static bool is_late(const struct oom_assembly *a, const struct oom_klog_line *line)
{
	return oom_assembly_in_report(a) && !a->has_kill && !a->in_group &&
		oom_assembly_is_stale(a, a->active_line, line->time_us);
}

static int on_kernel(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	struct oom_shape shape;
	int rc;

	/* most lines of a report are rows of its table */
	if (a->table.open && !a->has_kill && line->text.len && *line->text.at == '[') {
		rc = take_body(a, line->text);
		if (rc > 0) {
			a->active_line = number;
			a->active_us = line->time_us;
		}
		if (rc)
			return rc < 0 ? rc : OOM_STEP_GO;
	}
	if (!(a->flags & OOM_KLOG_BRIEF) && take_frame(a, line)) {
		a->active_line = number;
		return OOM_STEP_GO;
	}
	if (oom_shape_parse_known(line->text, line->marks & OOM_MARK_SPEAKS, &shape)) {
		if (is_anybodys(a, line, &shape)) {
			a->counts.quoted++;
			return OOM_STEP_GO;
		}
		rc = oom_assembly_apply(a, line, &shape, number);
		if (rc != OOM_STEP_AGAIN) {
			if (shape.kind == OOM_SHAPE_HEADER || oom_assembly_in_report(a)) {
				a->active_line = number;
				a->active_us = line->time_us;
			}
			if (may_go_on(line, &shape))
				carry_set(a, line->text, &shape);
		}
		return rc;
	}
	if (a->flags & OOM_KLOG_BRIEF)
		return on_unknown(a, line, number);
	if ((opens_report(line->text) && a->has_kill) || is_late(a, line))
		return oom_assembly_begin(a);
	if ((oom_assembly_in_report(a) && !a->has_kill) || a->table.open ||
		opens_report(line->text)) {
		rc = line->marks & OOM_MARK_LINE_FEED ? take_bodies(a, line->text)
						      : take_body(a, line->text);
		if (rc > 0) {
			a->active_line = number;
			a->active_us = line->time_us;
		}
		if (rc)
			return rc < 0 ? rc : OOM_STEP_GO;
	}
	return on_unknown(a, line, number);
}

/* One line whose escapes are undone. */
static int on_line(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	bool known = true;
	int rc = OOM_STEP_GO;

	switch (line->origin) {
	case OOM_ORIGIN_USER:
		a->counts.imitations += oom_shape_suspicious(line->text);
		break;
	case OOM_ORIGIN_PROGRAM:
		rc = oom_assembly_user(a, line, number, &known);
		if (!known)
			a->counts.quoted += oom_shape_suspicious(line->text);
		break;
	case OOM_ORIGIN_FIELD:
		break;
	default:
		rc = take_rest(a, line, number);
		if (rc)
			return rc < 0 ? rc : OOM_STEP_GO;
		rc = on_kernel(a, line, number);
		break;
	}
	return rc;
}

int oom_assembly_line(struct oom_assembly *a, const struct oom_klog_line *line, int64_t number)
{
	int rc;

	oom_assembly_settle(a);
	if ((line->marks & OOM_MARK_ESCAPE || line->coloured) &&
		line->text.len <= sizeof(a->scratch)) {
		struct oom_klog_line plain = *line;

		plain.text.at = a->scratch;
		if (line->coloured)
			plain.text.len = oom_text_uncolour(a->scratch, line->text);
		else
			plain.text.len = oom_text_unescape(a->scratch, line->text, line->escaped);
		plain.marks = oom_klog_marks(plain.text.at, plain.text.at + plain.text.len);
		rc = on_line(a, &plain, number);
	} else {
		rc = on_line(a, line, number);
	}
	if (a->arena.failed || a->aside_arena.failed || a->table.names.failed)
		return -ENOMEM;
	return rc;
}
