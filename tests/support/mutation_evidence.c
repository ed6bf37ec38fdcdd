// SPDX-License-Identifier: LGPL-2.1-or-later
/* What told of it is gone, or tells something else. */
#include "tests/support/mutation.h"

#include "lib/kernel/trace.h"
#include "tests/support/judge.h"

#include <signal.h>
#include <string.h>

/* Nothing told of kills, and they are not in the record. */
bool mutation_blind_for_kills(struct oom_attempt *attempt, const struct claim *claim)
{
	bool of_workload = claim->about == OOM_ABOUT_WORKLOAD;

	if (mutation_is_key(claim, "KilledBy") && of_workload &&
		!mutation_needs_kill(attempt, claim))
		return false;
	if (mutation_is_key(claim, "KilledBy.self") && !mutation_needs_kill(attempt, claim))
		return false;
	if (mutation_is_key(claim, "LogComplete") && strcmp(claim->wanted, "yes") != 0)
		return false;
	if (mutation_is_key(claim, "ForkRejected") && !strcmp(claim->wanted, "yes"))
		judge_without_events(attempt);
	mutation_forget_kills(attempt, OOM_KILLER_UNKNOWN);
	judge_without_events(attempt);
	attempt->oom_kills = -1;
	attempt->n_warnings = 0;
	attempt->fork_rejected = false;
	judge_set_source(attempt, "kmsg", OOM_SOURCE_LOST, 812, NULL);
	judge_set_source(attempt, "mark_victim", OOM_SOURCE_ABSENT, -1, NULL);
	judge_set_source(attempt, "vmstat", OOM_SOURCE_ABSENT, -1, NULL);
	return true;
}

/* The same, and what nobody told of was a kill of a child of its own making. */
bool mutation_blind_for_children(struct oom_attempt *attempt, const struct claim *claim)
{
	const struct oom_workload_rec *w = mutation_workload(attempt, claim);

	if (!w || w->own_killer != OOM_KILLER_NOBODY)
		return false;
	mutation_forget_kills(attempt, OOM_KILLER_UNKNOWN);
	judge_without_events(attempt);
	attempt->oom_kills = -1;
	judge_set_source(attempt, "kmsg", OOM_SOURCE_ABSENT, -1, NULL);
	judge_set_source(attempt, "mark_victim", OOM_SOURCE_LOST, -1, NULL);
	judge_set_source(attempt, "vmstat", OOM_SOURCE_LOST, -1, NULL);
	return true;
}

bool mutation_log_misses_one(struct oom_attempt *attempt, const struct claim *claim)
{
	const struct oom_source_rec *machine = oom_attempt_source(attempt, "vmstat");
	struct oom_kill *kill = mutation_last_kill(attempt);
	struct oom_workload_rec *w =
		kill && kill->workload ? oom_attempt_workload(attempt, kill->workload) : NULL;

	/* where nobody else counts, a log that is whole is all there is */
	if (!kill || !mutation_needs_kill(attempt, claim) || kill->line < 0 || !machine ||
		machine->state != OOM_SOURCE_OK)
		return false;
	if (claim->about == OOM_ABOUT_WORKLOAD && w != mutation_workload(attempt, claim))
		return false;
	if (w && w->kills-- && oom_kill_is_own(kill, w))
		mutation_end_as(w, OOM_KILLER_UNKNOWN);
	else if (w && --w->descendants_killed == 0)
		w->descendants_killer = OOM_KILLER_NOBODY;
	if (w)
		mutation_end_as(w, w->own_killer);
	memmove(kill, kill + 1,
		(size_t)(attempt->kills + attempt->n_kills - kill - 1) * sizeof(*kill));
	attempt->n_kills--;
	attempt->oom_kills--;
	return true;
}

bool mutation_machine_counts_more(struct oom_attempt *attempt, const struct claim *claim)
{
	int64_t most = 1;

	if (claim->expect->key.flags & OOM_KEY_PREFIX && !strstr(claim->key, ".oom"))
		return false;
	for (size_t i = 0; i < attempt->n_kills; i++)
		most += 1 + attempt->kills[i].oom_group;
	judge_set_source(attempt, "kmsg", OOM_SOURCE_OK, 0, NULL);
	judge_machine_counted(attempt, most);
	return true;
}

bool mutation_trace_marks_more(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_kill *kill = judge_add_kill(attempt, NULL, 999999);

	if (claim->expect->key.flags & OOM_KEY_PREFIX && !strstr(claim->key, ".oom"))
		return false;
	judge_set_source(attempt, "kmsg", OOM_SOURCE_OK, 0, NULL);
	judge_set_source(attempt, "mark_victim", OOM_SOURCE_OK, 0, NULL);
	judge_set_source(attempt, "vmstat", OOM_SOURCE_ABSENT, -1, NULL);
	kill->line = -1;
	kill->killer = OOM_KILLER_UNKNOWN;
	kill->constraint = OOM_CONSTRAINT_UNKNOWN;
	return true;
}

bool mutation_wait_says_it_lives(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);

	if (!w || !mutation_needs_kill(attempt, claim) || !mutation_by_kernel(w->own_killer))
		return false;
	mutation_exit(w);
	return true;
}

bool mutation_trace_names_a_process(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);
	struct oom_signal_rec *sent;

	if (!w || !mutation_needs_kill(attempt, claim) || !mutation_by_kernel(w->own_killer))
		return false;
	mutation_drop_kernel_signals(attempt);
	sent = oom_attempt_add_signal(attempt);
	sent->signal = SIGKILL;
	sent->code = sent->result = 0;
	sent->target_pid = w->pid;
	sent->target_workload = w->name;
	sent->target_kin = OOM_KIN_OWN;
	return true;
}

/* Nobody told of signals: of whom one took it is known that it was one. */
bool mutation_trace_is_absent(struct oom_attempt *attempt, const struct claim *claim)
{
	bool any = false;

	if (strstr(claim->wanted, "kernel-") || strstr(claim->wanted, "nobody") ||
		(mutation_is_key(claim, "Survives") && strcmp(claim->wanted, "no") != 0))
		return false;
	/* its wait status says that a signal ended it */
	if (mutation_is_key(claim, "Survives") &&
		mutation_workload(attempt, claim)->end == OOM_END_SIGNALLED)
		return false;
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		struct oom_workload_rec *w = &attempt->workloads[i];
		bool sent = w->own_killer >= OOM_KILLER_SYSTEMD_OOMD;

		any |= sent || w->descendants_killer >= OOM_KILLER_SYSTEMD_OOMD;
		if (w->descendants_killer >= OOM_KILLER_SYSTEMD_OOMD) {
			w->descendants_killer = OOM_KILLER_NOBODY;
			w->descendants_killed = 0;
		}
		if (sent && w->end == OOM_END_EXITED)
			mutation_end_as(w, OOM_KILLER_NOBODY);
		else
			mutation_end_as(w, sent ? OOM_KILLER_UNKNOWN : w->own_killer);
		w->asked_signal = 0;
	}
	attempt->n_signals = 0;
	judge_set_source(attempt, "signal_generate", OOM_SOURCE_ABSENT, -1, NULL);
	judge_set_source(attempt, "lineage", OOM_SOURCE_ABSENT, -1, NULL);
	return any;
}

/* Nobody looked at who sent the signal: a name is all that is left of it. */
bool mutation_sender_was_not_seen(struct oom_attempt *attempt, const struct claim *claim)
{
	bool by_identity = strstr(claim->wanted, "unit:") || strstr(claim->wanted, "exe:");

	if (!by_identity && !strstr(claim->wanted, "earlyoom") && !strstr(claim->wanted, "oomd"))
		return false;
	for (size_t i = 0; i < attempt->n_signals; i++) {
		struct oom_signal_rec *sent = &attempt->signals[i];

		sent->sender_exe = sent->sender_unit = sent->sender_in = NULL;
		if (sent->killer > OOM_KILLER_KERNEL_SYSRQ && sent->killer < OOM_KILLER_SIGNAL)
			sent->killer = OOM_KILLER_UNKNOWN;
	}
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		struct oom_workload_rec *w = &attempt->workloads[i];

		if (w->own_killer > OOM_KILLER_KERNEL_SYSRQ && w->own_killer < OOM_KILLER_SIGNAL)
			mutation_end_as(w, OOM_KILLER_UNKNOWN);
	}
	judge_set_source(attempt, "lineage", OOM_SOURCE_ABSENT, -1, NULL);
	return true;
}

bool mutation_systemd_is_absent(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_unit_rec *unit = mutation_unit(attempt, claim);

	unit->result = unit->active_state = NULL;
	judge_set_source(attempt, "systemd", OOM_SOURCE_ABSENT, -1, NULL);
	return true;
}

bool mutation_counters_were_not_read(struct oom_attempt *attempt, const struct claim *claim)
{
	(void)claim;
	judge_without_events(attempt);
	return true;
}

/* The harness took it, with one that was stuck. */
bool mutation_harness_ended_it(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);

	/* what killed its children before is evidence, and of who lived nothing is claimed */
	if (!w || w->descendants_killed > 0)
		return false;
	w->ended_by_harness = true;
	w->end = OOM_END_STUCK;
	w->signal = SIGKILL;
	w->exit_code = 128 + SIGKILL;
	mutation_end_as(w, OOM_KILLER_NOBODY);
	return true;
}

bool mutation_it_was_not_started(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);

	if (!w || w->start_us < 0)
		return false;
	w->end = OOM_END_NOT_STARTED;
	w->start_us = w->end_us = -1;
	return true;
}

bool mutation_record_lacks_it(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);
	struct oom_unit_rec *unit = mutation_unit(attempt, claim);

	if (w)
		w->name = "somebody-else";
	if (unit)
		unit->name = "another-unit";
	return w || unit;
}
