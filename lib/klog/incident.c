// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/incident.h"

#include "lib/klog/daemon.h"
#include "lib/klog/memory.h"
#include "lib/oracle/badness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

/* A report whose kill comes later than this after its last line is another's. */
#define STALE_LINES 400
/* Lines that say nothing of it in the middle of a report: a stack trace of a kernel with much to tell.
 * Behind them only lines with words of their own are looked for. */
#define QUIET_LINES  120
#define REAPER_LINES 8
/* An excerpt may begin in the middle of what a daemon tells, without its name. */
#define FIRST_LINES	  200
#define STALE_LINES_BRIEF 100000
#define STALE_US	  OOM_PAST_US

static void incident_init(struct oom_incident *now)
{
	memset(now, 0, offsetof(struct oom_incident, memory));
	oom_kill_init(&now->kill);
	now->invoked_us = now->reaped_us = now->page_kib = now->score = -1;
	now->signal = SIGKILL;
	oom_memory_init(&now->memory);
}

void oom_assembly_reset(struct oom_assembly *a)
{
	incident_init(&a->now);
	oom_arena_reset(&a->arena);
	oom_klog_table_clear(&a->table);
	a->handed_out = a->has_header = a->has_oom_kill = a->has_announce = a->has_kill = false;
	a->in_group = a->memcg = a->global = false;
	a->oom_memcg = a->task_memcg = a->chosen_comm = NULL;
	a->chosen_pid = a->chosen_uid = -1;
	a->constraint = OOM_CONSTRAINT_UNKNOWN;
	a->first_pid = -1;
	a->n_stack = 0;
	a->carry_kind = OOM_SHAPE_NONE;
	a->carry_row = false;
}

void oom_assembly_init(struct oom_assembly *a, unsigned flags)
{
	memset(a, 0, sizeof(*a));
	a->flags = flags;
	a->active_us = a->sysrq_line = -1;
	oom_klog_past_init(&a->past);
	oom_assembly_reset(a);
}

void oom_assembly_release(struct oom_assembly *a)
{
	oom_arena_release(&a->arena);
	oom_arena_release(&a->aside_arena);
	oom_klog_table_release(&a->table);
}

struct oom_incident *oom_assembly_aside(struct oom_assembly *a, enum oom_event event,
	const struct oom_klog_line *line, int64_t number)
{
	struct oom_incident *aside = &a->aside;

	oom_arena_reset(&a->aside_arena);
	incident_init(aside);
	aside->event = event;
	aside->kill.line = number;
	aside->kill.time_us = line->time_us;
	aside->text = oom_arena_strndup(
		&a->aside_arena, line->text.at, line->text.len < 1024 ? line->text.len : 1024);
	if (line->hour.at)
		aside->when = oom_arena_strndup(&a->aside_arena, line->hour.at, line->hour.len);
	a->out = aside;
	return aside;
}

bool oom_assembly_in_report(const struct oom_assembly *a)
{
	return a->has_header || a->has_oom_kill || a->has_announce || a->has_kill;
}

bool oom_assembly_is_stale(const struct oom_assembly *a, int64_t number, int64_t time_us)
{
	int64_t lines = a->flags & OOM_KLOG_BRIEF ? STALE_LINES_BRIEF : STALE_LINES;

	if (number - a->active_line > lines)
		return true;
	return time_us >= 0 && a->active_us >= 0 &&
		(time_us - a->active_us > STALE_US || a->active_us - time_us > STALE_US);
}

bool oom_assembly_wants_all(const struct oom_assembly *a, int64_t number)
{
	if (number <= FIRST_LINES || a->carry_kind != OOM_SHAPE_NONE || a->carry_row ||
		oom_assembly_hears_daemon(a, number))
		return true;
	if (a->flags & OOM_KLOG_BRIEF)
		return false;
	/* behind the kill there is only the reaper's line without a word that is looked for */
	if (a->has_kill)
		return number - a->active_line <= REAPER_LINES;
	return (oom_assembly_in_report(a) || a->table.open) &&
		number - a->active_line <= QUIET_LINES;
}

static uint64_t hash_of(uint64_t hash, struct oom_span s)
{
	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Name and day of a death: the same number on another day, or of another program, is another's. */
static uint64_t name_of_death(const struct oom_klog_line *line, struct oom_span comm)
{
	struct oom_span day = {line->hour.at, line->hour.len >= 2 ? line->hour.len - 2 : 0};

	return hash_of(hash_of(UINT64_C(0xcbf29ce484222325), comm), day);
}

static struct oom_recent death_of(
	const struct oom_klog_line *line, int64_t pid, struct oom_span comm)
{
	return (struct oom_recent){
		.pid = pid, .time_us = line->time_us, .name = name_of_death(line, comm)};
}

bool oom_assembly_repeats(const struct oom_assembly *a, const struct oom_klog_line *line,
	int64_t pid, struct oom_span comm)
{
	struct oom_recent death = death_of(line, pid, comm);

	return oom_klog_past_has(&a->past, &death);
}

void oom_assembly_remember(
	struct oom_assembly *a, const struct oom_klog_line *line, int64_t pid, struct oom_span comm)
{
	struct oom_recent death = death_of(line, pid, comm);

	oom_klog_past_add(&a->past, &death);
	if (a->n_deaths < OOM_RECENT)
		a->first[a->n_deaths] = death;
	a->n_deaths++;
}

bool oom_assembly_is_broken_off(const struct oom_assembly *a)
{
	return a->carry_kind != OOM_SHAPE_NONE || a->carry_row;
}

static enum oom_killer killer_of(const struct oom_assembly *a)
{
	if (a->memcg)
		return OOM_KILLER_KERNEL_MEMCG;
	if (a->now.sysrq || a->now.kill.order == -1)
		return OOM_KILLER_KERNEL_SYSRQ;
	if (a->constraint == OOM_CONSTRAINT_CPUSET)
		return OOM_KILLER_KERNEL_CPUSET;
	if (a->constraint == OOM_CONSTRAINT_MEMPOLICY)
		return OOM_KILLER_KERNEL_MEMPOLICY;
	return a->global ? OOM_KILLER_KERNEL_GLOBAL : OOM_KILLER_UNKNOWN;
}

/* The page size: the victim's size in KiB over its size in pages, else what the free lists say. */
static int64_t page_size_of(const struct oom_assembly *a)
{
	const struct oom_kill *kill = &a->now.kill;

	for (size_t i = 0; i < a->table.n_rows && kill->victim.total_vm_kib > 0; i++) {
		const struct oom_task *row = a->table.rows + i;

		if (row->pid == kill->victim.pid && row->total_vm_kib > 0 &&
			kill->victim.total_vm_kib % row->total_vm_kib == 0) {
			int64_t kib = kill->victim.total_vm_kib / row->total_vm_kib;

			if (kib >= 4 && kib <= 256 && !(kib & (kib - 1)))
				return kib;
		}
	}
	return a->now.memory.page_kib;
}

/*
 * Which badness the kernel had, by what its report looks like: nr_ptes is up to 4.14, "oom-kill:" and
 * the wide "[  pid  ]" are later than the end of root's bonus (4.17), oom_score_adj came with the
 * formula. Between 4.15 and 4.18 only the release tells.
 */
static void badness_of(const struct oom_assembly *a, struct oom_incident *now)
{
	const char *release = now->kernel;

	now->scores = a->table.has_adj;
	now->root_bonus = a->table.in_pages;
	if (!a->table.in_pages && a->table.narrow && !a->has_oom_kill && release)
		now->root_bonus = !strncmp(release, "4.15.", 5) || !strncmp(release, "4.16.", 5) ||
			release[0] < '4';
}

/* What the report said, put into the kill that is handed out. */
void oom_assembly_finish(struct oom_assembly *a, enum oom_event event)
{
	struct oom_incident *now = &a->now;
	struct oom_kill *kill = &now->kill;
	int64_t page_kib = page_size_of(a);
	struct oom_badness_rule rule;

	now->event = event;
	now->page_kib = page_kib;
	now->table = a->table.has_name;
	badness_of(a, now);
	now->n_dropped = (int64_t)a->table.n_dropped;
	oom_klog_table_finish(&a->table, page_kib > 0 ? page_kib : 4);
	oom_memory_finish(&now->memory, page_kib > 0 ? page_kib : 4);
	now->stack = a->stack;
	now->n_stack = a->n_stack;
	kill->tasks = a->table.rows;
	kill->n_tasks = a->table.n_rows;
	kill->killer = event == OOM_EVENT_PANIC ? OOM_KILLER_NOBODY : killer_of(a);
	kill->constraint = a->constraint;
	if (a->memcg)
		kill->constraint = a->constraint == OOM_CONSTRAINT_NONE || !a->has_oom_kill
			? OOM_CONSTRAINT_MEMCG
			: a->constraint;
	kill->oom_memcg = a->oom_memcg;
	if (!a->in_group || kill->victim.pid == a->first_pid)
		kill->task_memcg = a->task_memcg;
	if (kill->victim.uid < 0 && kill->victim.pid == a->chosen_pid)
		kill->victim.uid = a->chosen_uid;
	if (a->chosen_pid >= 0 && kill->victim.pid >= 0 && a->chosen_pid != kill->victim.pid &&
		!kill->oom_group) {
		kill->chosen_pid = a->chosen_pid;
		kill->chosen_comm = a->chosen_comm;
	}
	kill->limit_kib = now->memory.limit_kib;
	kill->usage_kib = now->memory.usage_kib;
	oom_badness_rule(now, &rule);
	kill->total_pages = rule.total_pages;
	for (size_t i = 0; i < a->table.n_rows && now->scores; i++)
		a->table.rows[i].points = oom_badness_points(&rule, a->table.rows + i);
	a->handed_out = true;
	a->out = now;
}

/* After a kill of a group: its next member has the same context, but a body of its own. */
static void next_member(struct oom_assembly *a)
{
	oom_task_init(&a->now.kill.victim);
	a->now.kill.oom_group = true;
	a->now.kill.task_memcg = NULL;
	a->now.kill.line = a->now.kill.time_us = -1;
	a->now.reaped_us = -1;
	a->now.printed = 0;
	oom_klog_table_clear(&a->table);
	a->has_kill = a->handed_out = false;
}

void oom_assembly_settle(struct oom_assembly *a)
{
	if (!a->handed_out)
		return;
	if (a->in_group && a->now.event == OOM_EVENT_KILL)
		next_member(a);
	else
		oom_assembly_reset(a);
}

int oom_assembly_flush(struct oom_assembly *a)
{
	oom_assembly_settle(a);
	if (a->has_kill) {
		oom_assembly_finish(a, OOM_EVENT_KILL);
		return OOM_STEP_EVENT;
	}
	if (!a->in_group && oom_assembly_in_report(a)) {
		if (a->now.kill.line < 0)
			a->now.kill.line = a->active_line;
		a->now.kill.chosen_pid = a->chosen_pid;
		a->now.kill.chosen_comm = a->chosen_comm;
		oom_assembly_finish(a, OOM_EVENT_UNFINISHED);
		return OOM_STEP_EVENT;
	}
	oom_assembly_reset(a);
	return OOM_STEP_GO;
}

int oom_assembly_begin(struct oom_assembly *a)
{
	if (oom_assembly_flush(a) == OOM_STEP_EVENT) {
		/* whatever comes next is not of this group */
		a->in_group = false;
		return OOM_STEP_AGAIN;
	}
	return OOM_STEP_GO;
}
