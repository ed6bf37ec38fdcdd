// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/kin.h"

#include "harness/state/owner.h"
#include "lib/kernel/proc.h"
#include "lib/kernel/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The log's clock is known as exactly as a record of our own can be written to it. */
enum { LOG_CLOCK_SLACK_US = 50000, MOST_ANCESTORS = 32 };

const char *oom_kin_word(const struct oom_kin *kin)
{
	return kin->kinship == OOM_KINSHIP_OWN		 ? OOM_KIN_OWN
		: kin->kinship == OOM_KINSHIP_DESCENDANT ? OOM_KIN_DESCENDANT
		: kin->kinship == OOM_KINSHIP_NONE	 ? OOM_KIN_NONE
							 : NULL;
}

/* The workload that this fork made: its first process is ours. */
static struct oom_run_workload *launched(
	const struct oom_run_state *run, const struct oom_fork *fork, int runner)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].pid == fork->pid && fork->parent == runner)
			return &run->workloads[i];
	return NULL;
}

struct oom_kin oom_kin_of(
	const struct oom_run_state *run, int64_t pid, uint64_t time_us, uint64_t slack_us)
{
	const struct oom_lineage *lineage = run->lineage;
	struct oom_ancestry at = {.tid = (int)pid, .time_us = time_us};
	struct oom_kin kin = {OOM_KINSHIP_UNKNOWN, NULL, 0};
	const struct oom_fork *first, *last, *process = NULL;
	int runner = (int)getpid(), r = -ENODATA;

	if (!lineage || pid <= 0)
		return kin;
	first = oom_lineage_fork(lineage, (int)pid, time_us);
	last = oom_lineage_fork(lineage, (int)pid,
		time_us > UINT64_MAX - slack_us ? UINT64_MAX : time_us + slack_us);
	if (first && last != first)
		return kin; /* the number was given to another within that time: which one was it? */
	if (last)
		at.time_us = last->time_us;
	while ((r = oom_lineage_next(lineage, &at)) > 0) {
		struct oom_run_workload *w = launched(run, at.fork, runner);

		if (!process && at.fork->tid == at.fork->pid) { /* before it: its threads */
			process = at.fork;
			kin.start_us = process->time_us;
		}
		if (!w)
			continue;
		kin.workload = w;
		/* not by its pid: that may have been given to a descendant, too */
		kin.kinship = at.fork == process ? OOM_KINSHIP_OWN : OOM_KINSHIP_DESCENDANT;
		return kin;
	}
	kin.kinship = r == 0 ? OOM_KINSHIP_NONE : OOM_KINSHIP_UNKNOWN;
	return kin;
}

static const struct oom_seen_kill *seen_kill(const struct oom_run_state *run, int64_t pid)
{
	for (size_t i = 0; i < run->n_seen; i++)
		if (run->seen[i].pid == pid)
			return &run->seen[i];
	return NULL;
}

/* The kernel's SIGKILL to the victim is a part of the kill: of several to that pid the nearest. */
static const struct oom_seen_signal *signal_of_kill(
	const struct oom_lineage *lineage, const struct oom_kill *kill, uint64_t time_us)
{
	const struct oom_seen_signal *nearest = NULL;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < lineage->n_signals; i++) {
		const struct oom_seen_signal *s = &lineage->signals[i];
		uint64_t off = s->time_us > time_us ? s->time_us - time_us : time_us - s->time_us;

		if (s->target != kill->victim.pid || s->signal != SIGKILL ||
			s->code != OOM_TRACE_BY_KERNEL || (nearest && off >= least))
			continue;
		nearest = s;
		least = off;
	}
	return nearest;
}

/* By the log's clock; UINT64_MAX: how it relates to ours is not known. */
static uint64_t time_of_kill(const struct oom_run_state *run, const struct oom_kill *kill)
{
	return run->log_offset_us == INT64_MIN || kill->time_us < 0
		? UINT64_MAX
		: (uint64_t)(kill->time_us + run->log_offset_us);
}

/* A process that was gone before it could be asked: its SIGCHLD went to its parent, and so on upwards. */
static struct oom_run_workload *owner_by_parents(
	const struct oom_run_state *run, int64_t pid, uint64_t time_us)
{
	const struct oom_attempt *record = run->record;

	for (int depth = 0; depth < MOST_ANCESTORS && pid > 1; depth++) {
		struct oom_run_workload *owner = oom_run_owner(run, (int)pid, -1, NULL, time_us);
		int64_t parent = -1;

		if (owner)
			return owner;
		for (size_t i = 0; i < record->n_signals && parent < 0; i++)
			if (record->signals[i].signal == SIGCHLD &&
				record->signals[i].sender_pid == pid)
				parent = record->signals[i].target_pid;
		pid = parent >= 0 ? parent : oom_proc_parent(AT_FDCWD, (int)pid);
	}
	return NULL;
}

/*
 * Who died in a scope and was gone before anybody could ask whose child it was: by its name one of the
 * workload that is called so (proc_pid_comm(5), 15 bytes), else of the only one there that runs a program.
 */
static struct oom_run_workload *owner_in_scope(
	const struct oom_run_state *run, const struct oom_kill *kill)
{
	enum { COMM_LEN = 15 };
	struct oom_run_workload *owner = NULL;
	size_t n_programs = 0;

	for (size_t i = 0; kill->task_memcg && kill->victim.comm && i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];

		if (!w->unit || strcmp(w->unit->cgroup, kill->task_memcg))
			continue;
		if (!strncmp(w->name, kill->victim.comm, COMM_LEN))
			return w;
		if (w->type->flags & OOM_WORKLOAD_PROGRAM) {
			owner = w;
			n_programs++;
		}
	}
	return n_programs == 1 ? owner : NULL;
}

static struct oom_kin kin_without_lineage(
	const struct oom_run_state *run, const struct oom_kill *kill, uint64_t time_us)
{
	const struct oom_seen_kill *seen = seen_kill(run, kill->victim.pid);
	struct oom_kin kin = {OOM_KINSHIP_UNKNOWN, NULL, 0};
	struct oom_run_workload *owner = oom_run_owner(
		run, (int)kill->victim.pid, seen ? seen->kin : -1, kill->task_memcg, time_us);

	if (!owner)
		owner = owner_by_parents(run, kill->victim.pid, time_us);
	if (!owner)
		owner = owner_in_scope(run, kill);
	kin.workload = owner;
	if (owner)
		kin.kinship = oom_run_is_own(owner, kill->victim.pid, time_us)
			? OOM_KINSHIP_OWN
			: OOM_KINSHIP_DESCENDANT;
	return kin;
}

struct oom_kin oom_kin_of_victim(const struct oom_run_state *run, const struct oom_kill *kill)
{
	uint64_t time_us = time_of_kill(run, kill);
	const struct oom_seen_signal *sent =
		run->lineage ? signal_of_kill(run->lineage, kill, time_us) : NULL;
	struct oom_kin kin = sent ? oom_kin_of(run, kill->victim.pid, sent->time_us, 0)
				  : oom_kin_of(run, kill->victim.pid, time_us, LOG_CLOCK_SLACK_US);

	return kin.kinship == OOM_KINSHIP_UNKNOWN ? kin_without_lineage(run, kill, time_us) : kin;
}
