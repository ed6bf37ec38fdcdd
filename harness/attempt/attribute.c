// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attribute.h"

#include "harness/state/owner.h"
#include "harness/workloads/workload.h"
#include "lib/kernel/proc.h"
#include "lib/kernel/trace.h"
#include "lib/record/kill.h"
#include "lib/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/*
 * Who killed whom. A kill belongs to a workload by its pid, by a child that the workload named, by the
 * session or the ancestors that the dying process still had, because the cgroup holds no other, or by the
 * parents that were told of the death. A death that no kill tells of is explained by the signal_generate
 * tracepoint: it names the sender.
 */

static const struct oom_seen_kill *seen_kill(const struct oom_run_state *run, int64_t pid)
{
	for (size_t i = 0; i < run->n_seen; i++)
		if (run->seen[i].pid == pid)
			return &run->seen[i];
	return NULL;
}

/* Is @path one of our units' cgroups, below one or above one? */
static bool cgroup_is_ours(const struct oom_run_state *run, const char *path)
{
	for (size_t i = 0; i < run->n_units; i++) {
		const char *ours = run->units[i].cgroup;

		/* the root is above everybody's */
		if (oom_cgroup_is_within(path, ours) ||
			(strlen(path) > 1 && oom_cgroup_is_within(ours, path)))
			return true;
	}
	return false;
}

/* On a shared host the log tells of other people's kills, too: those are not this run's. */
static bool kill_is_foreign(const struct oom_run_state *run, const struct oom_kill *kill)
{
	if (run->in_guest || kill->workload)
		return false;
	if (kill->oom_memcg)
		return !cgroup_is_ours(run, kill->oom_memcg);
	if (kill->task_memcg)
		return !cgroup_is_ours(run, kill->task_memcg);
	return kill->constraint != OOM_CONSTRAINT_NONE;
}

static void drop_foreign(struct oom_run_state *run, struct oom_attempt *record)
{
	struct oom_source_rec *machine = oom_attempt_source(record, "vmstat");
	size_t kept = 0;

	for (size_t i = 0; i < record->n_kills; i++)
		if (!kill_is_foreign(run, &record->kills[i]))
			record->kills[kept++] = record->kills[i];
	/* the machine counted them, too */
	if (machine && machine->records > 0)
		machine->records -= (int64_t)(record->n_kills - kept);
	record->n_kills = kept;
}

static const struct oom_signal_rec *signal_to(
	const struct oom_attempt *record, int64_t pid, int64_t signal)
{
	for (size_t i = 0; i < record->n_signals; i++)
		if (record->signals[i].target_pid == pid && record->signals[i].signal == signal)
			return &record->signals[i];
	return NULL;
}

/* A userspace killer is known by its name: that is all a signal carries. */
static enum oom_killer killer_of_comm(const char *comm)
{
	static const struct {
		const char *comm;
		enum oom_killer killer;
	} known[] = {
		{"systemd-oomd", OOM_KILLER_SYSTEMD_OOMD},
		{"earlyoom", OOM_KILLER_EARLYOOM},
		{"nohang", OOM_KILLER_NOHANG},
		{"systemd", OOM_KILLER_SYSTEMD},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (comm && !strcmp(comm, known[i].comm))
			return known[i].killer;
	return OOM_KILLER_SIGNAL;
}

static int evidence(struct oom_attempt *record, struct oom_workload_rec *rec, const char *text)
{
	return oom_attempt_add_text(record, &rec->evidence, &rec->n_evidence, text);
}

static int evidence_of_signal(struct oom_attempt *record, struct oom_workload_rec *rec)
{
	const struct oom_signal_rec *sig = signal_to(record, rec->pid, rec->signal);
	char text[160], name[OOM_SIGNAL_NAME_MAX];

	if (!sig)
		return 0;
	snprintf(text, sizeof(text), "signal_generate: %s from %s[%lld], code %lld (%s)",
		oom_signal_words(sig->signal, name), sig->sender_comm ? sig->sender_comm : "?",
		(long long)sig->sender_pid, (long long)sig->code,
		sig->code == OOM_TRACE_BY_KERNEL ? "the kernel" : "a process");
	return evidence(record, rec, text);
}

static int evidence_of_kills(struct oom_attempt *record, struct oom_workload_rec *rec)
{
	char text[256];

	for (size_t i = 0; i < record->n_kills; i++) {
		const struct oom_kill *kill = &record->kills[i];

		if (!kill->workload || strcmp(kill->workload, rec->name))
			continue;
		rec->kills++;
		if (rec->kills > 8)
			continue;
		snprintf(text, sizeof(text),
			"%s: process %lld (%s), anon-rss %lld kB, constraint %s",
			kill->line < 0 ? "mark_victim" : "kernel log", (long long)kill->victim.pid,
			kill->victim.comm ? kill->victim.comm : "?",
			(long long)kill->victim.anon_rss_kib,
			oom_constraint_name(kill->constraint));
		if (evidence(record, rec, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

static enum oom_killer killer_by_signal(
	const struct oom_attempt *record, const struct oom_workload_rec *rec)
{
	const struct oom_signal_rec *sig = signal_to(record, rec->pid, rec->signal);
	const struct oom_source_rec *trace = oom_attempt_source(record, "signal_generate");

	if (sig)
		return sig->code == OOM_TRACE_BY_KERNEL ? OOM_KILLER_UNKNOWN
							: killer_of_comm(sig->sender_comm);
	if (rec->signal != SIGKILL)
		return OOM_KILLER_SIGNAL;
	/* 137 alone is never called an OOM kill, and without a trace nobody knows who sent it */
	return trace && trace->state == OOM_SOURCE_OK ? OOM_KILLER_SIGNAL : OOM_KILLER_UNKNOWN;
}

static int evidence_of_harness(
	struct oom_attempt *record, const struct oom_run_workload *w, struct oom_workload_rec *rec)
{
	char text[sizeof(w->stuck_at) + 64];

	snprintf(text, sizeof(text), "ended by the harness at the deadline%s%s",
		w->stuck_at[0] ? ", in state " : "", w->stuck_at);
	return evidence(record, rec, text);
}

static int attribute_workload(
	struct oom_attempt *record, struct oom_run_workload *w, struct oom_workload_rec *rec)
{
	if (evidence_of_kills(record, rec) < 0 || evidence_of_signal(record, rec) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < record->n_kills; i++) {
		const struct oom_kill *kill = &record->kills[i];
		const struct oom_seen_kill *seen;

		if (!kill->workload || strcmp(kill->workload, rec->name))
			continue;
		rec->killed_by = kill->killer;
		seen = seen_kill(w->run, kill->victim.pid);
		if (kill->victim.pid == rec->pid && w->ended && seen &&
			w->run->log_offset_us != INT64_MIN)
			rec->kill_latency_us = (int64_t)w->end_us -
				((int64_t)seen->kernel_us + w->run->log_offset_us);
		return 0;
	}
	if (rec->ended_by_harness) {
		rec->killed_by = OOM_KILLER_NOBODY;
		return evidence_of_harness(record, w, rec);
	}
	rec->killed_by =
		rec->end == OOM_END_SIGNALLED ? killer_by_signal(record, rec) : OOM_KILLER_NOBODY;
	return 0;
}

/* A kill that only mark_victim tells of: memory.events says in whose cgroup. */
static void complete_kill(
	const struct oom_run_state *run, struct oom_attempt *record, struct oom_kill *kill)
{
	struct oom_run_workload *owner =
		oom_run_workload(run, kill->workload ? kill->workload : "");
	struct oom_unit_rec *unit =
		owner && owner->unit ? oom_attempt_unit(record, owner->unit->name) : NULL;

	if (kill->killer != OOM_KILLER_UNKNOWN || kill->line >= 0 || !unit)
		return;
	if (oom_counter_get(unit->events, unit->n_events, "oom_kill") > 0)
		kill->killer = OOM_KILLER_KERNEL_MEMCG;
}

static int64_t count_distinct(const struct oom_attempt *record)
{
	int64_t n = 0;

	for (size_t i = 0; i < record->n_kills; i++) {
		size_t j = 0;

		while (j < i && record->kills[j].victim.pid != record->kills[i].victim.pid)
			j++;
		n += j == i;
	}
	return n;
}

/* With a gap in the log and no trace only the machine's own counter still proves anything. */
static bool kills_can_be_counted(const struct oom_attempt *record)
{
	static const char *const complete[] = {"kmsg", "mark_victim"};
	const struct oom_source_rec *machine = oom_attempt_source(record, "vmstat");

	for (size_t i = 0; i < 2; i++) {
		const struct oom_source_rec *s = oom_attempt_source(record, complete[i]);

		if (s && s->state == OOM_SOURCE_OK)
			return true;
	}
	return machine && machine->state == OOM_SOURCE_OK &&
		machine->records <= count_distinct(record);
}

/* A process that was gone before it could be asked: its SIGCHLD went to its parent, and so on upwards. */
static struct oom_run_workload *owner_by_parents(const struct oom_run_state *run, int64_t pid)
{
	enum { MOST_ANCESTORS = 32 };
	const struct oom_attempt *record = run->record;

	for (int depth = 0; depth < MOST_ANCESTORS && pid > 1; depth++) {
		struct oom_run_workload *owner = oom_run_owner(run, (int)pid, -1, NULL);
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
 * A cgroup that is none of the scenario's is its maker's: who dies in it without kin (a container's first
 * process may be gone before) belongs to the workload of all others that died there. NULL: nobody knows.
 */
static const char *owner_of_others(const struct oom_run_state *run, const struct oom_kill *kill)
{
	const struct oom_attempt *record = run->record;
	const char *owner = NULL;

	for (size_t i = 0; kill->task_memcg && i < run->n_units; i++)
		if (!strcmp(run->units[i].cgroup, kill->task_memcg))
			return NULL;
	for (size_t i = 0; kill->task_memcg && i < record->n_kills; i++) {
		const struct oom_kill *other = &record->kills[i];

		if (!other->workload || !other->task_memcg ||
			strcmp(other->task_memcg, kill->task_memcg))
			continue;
		if (owner && strcmp(owner, other->workload))
			return NULL;
		owner = other->workload;
	}
	return owner;
}

/*
 * Who died in a scope and was gone before anybody could ask whose child it was: by its name one of the
 * workload that is called so (proc_pid_comm(5), 15 bytes), else of the only one there that runs a program.
 */
static const char *owner_in_scope(const struct oom_run_state *run, const struct oom_kill *kill)
{
	enum { COMM_LEN = 15 };
	const char *owner = NULL;
	size_t n_programs = 0;

	for (size_t i = 0; kill->task_memcg && kill->victim.comm && i < run->n_workloads; i++) {
		const struct oom_run_workload *w = &run->workloads[i];

		if (!w->unit || strcmp(w->unit->cgroup, kill->task_memcg))
			continue;
		if (!strncmp(w->name, kill->victim.comm, COMM_LEN))
			return w->name;
		if (w->type->flags & OOM_WORKLOAD_PROGRAM) {
			owner = w->name;
			n_programs++;
		}
	}
	return n_programs == 1 ? owner : NULL;
}

int oom_attribute(struct oom_run_state *run)
{
	struct oom_attempt *record = run->record;

	for (size_t i = 0; i < record->n_kills; i++) {
		struct oom_kill *kill = &record->kills[i];
		const struct oom_seen_kill *seen = seen_kill(run, kill->victim.pid);
		struct oom_run_workload *owner = oom_run_owner(
			run, (int)kill->victim.pid, seen ? seen->kin : -1, kill->task_memcg);

		if (!owner)
			owner = owner_by_parents(run, kill->victim.pid);
		kill->workload = owner ? oom_arena_strdup(&record->arena, owner->name) : NULL;
		complete_kill(run, record, kill);
	}
	for (size_t i = 0; i < record->n_kills; i++)
		if (!record->kills[i].workload)
			record->kills[i].workload = oom_arena_strdup(
				&record->arena, owner_in_scope(run, &record->kills[i]));
	for (size_t i = 0; i < record->n_kills; i++)
		if (!record->kills[i].workload)
			record->kills[i].workload = owner_of_others(run, &record->kills[i]);
	drop_foreign(run, record);
	record->oom_kills = kills_can_be_counted(record) ? count_distinct(record) : -1;
	for (size_t i = 0; i < run->n_workloads; i++) {
		struct oom_workload_rec *rec = oom_attempt_workload(record, run->workloads[i].name);

		if (rec && attribute_workload(record, &run->workloads[i], rec) < 0)
			return -ENOMEM;
	}
	if (run->n_seen && run->log_offset_us != INT64_MIN)
		record->kill_latency_us = (int64_t)run->seen[0].seen_us -
			((int64_t)run->seen[0].kernel_us + run->log_offset_us);
	return record->arena.failed ? -ENOMEM : 0;
}
