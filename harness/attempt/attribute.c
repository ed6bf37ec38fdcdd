// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attribute.h"

#include "harness/attempt/daemon_log.h"
#include "harness/attempt/kin.h"
#include "harness/attempt/sender.h"
#include "harness/state/daemon.h"
#include "lib/base/bounded.h"
#include "lib/kernel/cgroup_path.h"
#include "lib/kernel/trace.h"
#include "lib/record/kill.h"
#include "lib/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/*
 * Who killed whom. A kill belongs to the workload that its victim descends from (harness/attempt/kin.h); a workload's
 * own death and the kills of what it started are two things. A death that no kill tells of is explained by who
 * sent the signal (harness/attempt/sender.h).
 */

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

/* Between mark_victim and the line in the log. */
enum { LOG_SLACK_US = 100000 };

static int evidence(struct oom_attempt *record, struct oom_workload_rec *rec, const char *text)
{
	return oom_attempt_add_text(record, &rec->evidence, &rec->n_evidence, text);
}

/* "journal: earlyoom[9]: sending SIGTERM to process 41 ...": its log line, where it has written one. */
static int evidence_of_daemon(
	struct oom_attempt *record, struct oom_workload_rec *rec, const struct oom_signal_rec *sent)
{
	const struct oom_unit_rec *unit = oom_attempt_unit(record, rec->scope);
	const char *names[] = {unit ? unit->unit : NULL, NULL};
	char line[400], text[480];

	if (sent->killer < OOM_KILLER_SYSTEMD_OOMD || sent->killer > OOM_KILLER_LOWMEMORYKILLER ||
		!oom_daemon_log(
			sent, names, (uint64_t)record->start_realtime_us, line, sizeof(line)))
		return 0;
	snprintf(text, sizeof(text), "journal: %s[%lld]: %s",
		sent->sender_comm ? sent->sender_comm : "?", (long long)sent->sender_pid, line);
	return evidence(record, rec, text);
}

/* "signal_generate: SIGKILL from earlyoom[9], code 0 (a process: /usr/bin/dash in box.scope; …)" */
static int evidence_of_signal(
	struct oom_attempt *record, struct oom_workload_rec *rec, const struct oom_signal_rec *sent)
{
	bool by_kernel = sent->code == OOM_TRACE_BY_KERNEL;
	char text[640], name[OOM_SIGNAL_NAME_MAX];
	struct oom_bounded out = OOM_BOUNDED(text);

	oom_bounded_printf(&out, "signal_generate: %s from %s[%lld], code %lld (%s",
		oom_signal_words(sent->signal, name), sent->sender_comm ? sent->sender_comm : "?",
		(long long)sent->sender_pid, (long long)sent->code,
		by_kernel ? "the kernel" : "a process");
	if (sent->sender_exe || sent->sender_unit)
		oom_bounded_printf(&out, ": %s in %s", sent->sender_exe ? sent->sender_exe : "?",
			sent->sender_unit ? sent->sender_unit : "no unit");
	if (!by_kernel && sent->killer == OOM_KILLER_SIGNAL && oom_daemon_called(sent->sender_comm))
		oom_bounded_printf(&out, "; %s by its name alone", sent->sender_comm);
	if (!by_kernel && sent->killer == OOM_KILLER_UNKNOWN)
		oom_bounded_printf(&out, "; gone before it could be looked at");
	oom_bounded_printf(&out, ")");
	if (evidence(record, rec, text) < 0)
		return -ENOMEM;
	return evidence_of_daemon(record, rec, sent);
}

static int evidence_of_kill(
	struct oom_attempt *record, struct oom_workload_rec *rec, const struct oom_kill *kill)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s %lld (%s), anon-rss %lld kB, constraint %s",
		kill->line < 0 ? "mark_victim" : "kernel log",
		oom_kill_is_own(kill, rec) ? "process" : "descendant", (long long)kill->victim.pid,
		kill->victim.comm ? kill->victim.comm : "?", (long long)kill->victim.anon_rss_kib,
		oom_constraint_name(kill->constraint));
	return evidence(record, rec, text);
}

static int evidence_of_harness(
	struct oom_attempt *record, const struct oom_run_workload *w, struct oom_workload_rec *rec)
{
	char text[sizeof(w->stuck_at) + 64];

	snprintf(text, sizeof(text), "ended by the harness at the deadline%s%s",
		w->stuck_at[0] ? ", in state " : "", w->stuck_at);
	return evidence(record, rec, text);
}

static bool is_of(const char *workload, const struct oom_workload_rec *rec)
{
	return workload && !strcmp(workload, rec->name);
}

/* The first signal that ended the workload's own process, or asked it to; NULL: no source tells of one. */
static const struct oom_signal_rec *own_signal(
	const struct oom_attempt *record, const struct oom_workload_rec *rec)
{
	for (size_t i = 0; i < record->n_signals; i++) {
		const struct oom_signal_rec *sent = &record->signals[i];

		if (is_of(sent->target_workload, rec) && oom_signal_is_own(sent, rec) &&
			(sent->ended ||
				(sent->code == OOM_TRACE_BY_KERNEL && sent->signal == rec->signal)))
			return sent;
	}
	return NULL;
}

static enum oom_killer killer_by_signal(
	const struct oom_workload_rec *rec, const struct oom_signal_rec *sent)
{
	if (sent)
		return sent->code == OOM_TRACE_BY_KERNEL ? OOM_KILLER_UNKNOWN : sent->killer;
	/* 137 alone is never called an OOM kill, and without a trace nobody knows who sent it */
	return rec->signal == SIGKILL || rec->signal == SIGTERM ? OOM_KILLER_UNKNOWN
								: OOM_KILLER_SIGNAL;
}

static void note_latency(
	const struct oom_run_workload *w, const struct oom_kill *kill, struct oom_workload_rec *rec)
{
	for (size_t i = 0; i < w->run->n_seen; i++) {
		const struct oom_seen_kill *seen = &w->run->seen[i];

		if (seen->pid != kill->victim.pid || !w->ended || rec->kill_latency_us != -1 ||
			w->run->log_offset_us == INT64_MIN)
			continue;
		rec->kill_latency_us =
			(int64_t)w->end_us - ((int64_t)seen->kernel_us + w->run->log_offset_us);
	}
}

/* The kernel's kills of it: rec->kills, and of its own process the killer. */
static int attribute_kills(struct oom_attempt *record, struct oom_run_workload *w,
	struct oom_workload_rec *rec, const struct oom_kill **ret_own)
{
	for (size_t i = 0; i < record->n_kills; i++) {
		const struct oom_kill *kill = &record->kills[i];

		if (!is_of(kill->workload, rec))
			continue;
		if (++rec->kills <= 8 && evidence_of_kill(record, rec, kill) < 0)
			return -ENOMEM;
		if (oom_kill_is_own(kill, rec)) {
			*ret_own = kill;
			note_latency(w, kill, rec);
			continue;
		}
		if (rec->descendants_killed++ == 0)
			rec->descendants_killer = kill->killer;
	}
	return 0;
}

/* Signals of others to what it started. */
static int attribute_signals(struct oom_attempt *record, struct oom_workload_rec *rec)
{
	int n = 0;

	for (size_t i = 0; i < record->n_signals; i++) {
		const struct oom_signal_rec *sent = &record->signals[i];

		if (!is_of(sent->target_workload, rec) || !sent->ended ||
			oom_signal_is_own(sent, rec))
			continue;
		if (rec->descendants_killed++ == 0)
			rec->descendants_killer = sent->killer;
		if (++n <= 8 && evidence_of_signal(record, rec, sent) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int attribute_own(struct oom_attempt *record, const struct oom_run_workload *w,
	const struct oom_kill *own, struct oom_workload_rec *rec)
{
	const struct oom_signal_rec *sent = own_signal(record, rec);

	if (sent && evidence_of_signal(record, rec, sent) < 0)
		return -ENOMEM;
	if (rec->ended_by_harness)
		return evidence_of_harness(record, w, rec);
	if (rec->end == OOM_END_SIGNALLED)
		rec->own_killer =
			own && rec->signal == SIGKILL ? own->killer : killer_by_signal(rec, sent);
	if (rec->end == OOM_END_EXITED && sent && sent->ended) {
		rec->asked_signal = sent->signal;
		rec->own_killer = sent->killer;
	}
	return 0;
}

static int attribute_workload(
	struct oom_attempt *record, struct oom_run_workload *w, struct oom_workload_rec *rec)
{
	const struct oom_kill *own = NULL;

	rec->asked_signal = rec->descendants_killed = 0;
	rec->own_killer = rec->descendants_killer = OOM_KILLER_NOBODY;
	if (attribute_kills(record, w, rec, &own) < 0 || attribute_own(record, w, own, rec) < 0 ||
		attribute_signals(record, rec) < 0)
		return -ENOMEM;
	rec->killed_by =
		rec->own_killer != OOM_KILLER_NOBODY ? rec->own_killer : rec->descendants_killer;
	return 0;
}

/* How often a limit was met in @unit, or that of one above it (memory.events: oom). */
static int64_t limits_met(const struct oom_attempt *record, const struct oom_unit_rec *unit)
{
	int64_t n = 0, met;

	for (size_t i = 0; i < record->n_units && unit->cgroup; i++) {
		const struct oom_unit_rec *other = &record->units[i];

		met = other == unit
			? oom_counter_get(unit->events, unit->n_events, "oom")
			: oom_counter_get(other->events_local, other->n_events_local, "oom");
		if (met > 0 && other->cgroup && oom_cgroup_is_within(unit->cgroup, other->cgroup))
			n += met;
	}
	return n;
}

/* A kill that only mark_victim tells of. Its cgroup counts it whatever was full: the machine, or nothing for sysrq. */
static void complete_kill(
	const struct oom_run_state *run, struct oom_attempt *record, struct oom_kill *kill)
{
	struct oom_run_workload *owner =
		oom_run_workload(run, kill->workload ? kill->workload : "");
	struct oom_unit_rec *unit =
		owner && owner->unit ? oom_attempt_unit(record, owner->unit->name) : NULL;

	if (kill->killer != OOM_KILLER_UNKNOWN || kill->line >= 0 || !unit)
		return;
	if (oom_counter_get(unit->events, unit->n_events, "oom_kill") > 0 &&
		limits_met(record, unit) >= (int64_t)record->n_kills)
		kill->killer = OOM_KILLER_KERNEL_MEMCG;
}

/* Processes, not numbers: a pid may be given to another that is killed, too. */
static int64_t count_distinct(const struct oom_attempt *record)
{
	int64_t n = 0;

	for (size_t i = 0; i < record->n_kills; i++) {
		size_t j = 0;

		while (j < i &&
			(record->kills[j].victim.pid != record->kills[i].victim.pid ||
				record->kills[j].victim_start_us !=
					record->kills[i].victim_start_us))
			j++;
		n += j == i;
	}
	return n;
}

static const struct oom_source_rec *whole_source(const struct oom_attempt *record, const char *name)
{
	const struct oom_source_rec *s = oom_attempt_source(record, name);

	return s && s->state == OOM_SOURCE_OK ? s : NULL;
}

/* With a gap in the log the trace proves how many there were, as long as the machine's own counter does not know of
 * more; with neither, that counter alone still proves something. */
static bool kills_can_be_counted(const struct oom_attempt *record)
{
	const struct oom_source_rec *machine = whole_source(record, "vmstat");
	bool more = machine && machine->records > count_distinct(record);

	if (whole_source(record, "kmsg"))
		return true;
	return !more && (machine || whole_source(record, "mark_victim"));
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

static void own_kill(struct oom_run_state *run, struct oom_kill *kill)
{
	struct oom_attempt *record = run->record;
	struct oom_kin kin = oom_kin_of_victim(run, kill);

	kill->workload = kin.workload ? oom_arena_strdup(&record->arena, kin.workload->name) : NULL;
	kill->kin = oom_kin_word(&kin);
	if (kin.start_us)
		kill->victim_start_us = (int64_t)(kin.start_us - run->prepare_us);
}

static void own_kills(struct oom_run_state *run)
{
	struct oom_attempt *record = run->record;

	for (size_t i = 0; i < record->n_kills; i++)
		own_kill(run, &record->kills[i]);
	for (size_t i = 0; i < record->n_kills; i++) {
		struct oom_kill *kill = &record->kills[i];

		if (!kill->workload && !kill->kin)
			kill->workload = owner_of_others(run, kill);
		if (kill->workload && !kill->kin)
			kill->kin = OOM_KIN_DESCENDANT;
		complete_kill(run, record, kill);
	}
}

int oom_attribute(struct oom_run_state *run)
{
	struct oom_attempt *record = run->record;

	own_kills(run);
	if (oom_senders_identify(run) < 0)
		return -ENOMEM;
	drop_foreign(run, record);
	if (run->log_offset_us != INT64_MIN)
		record->settled_us = (int64_t)run->settled_us - run->log_offset_us - LOG_SLACK_US;
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
