// SPDX-License-Identifier: LGPL-2.1-or-later
/* It was not so: the cause is gone. */
#include "tests/support/mutation.h"

#include "lib/kernel/trace.h"
#include "tests/support/judge.h"

#include <signal.h>
#include <string.h>

bool mutation_by_kernel(enum oom_killer killer)
{
	return killer >= OOM_KILLER_KERNEL_MEMCG && killer <= OOM_KILLER_KERNEL_SYSRQ;
}

struct oom_workload_rec *mutation_workload(struct oom_attempt *attempt, const struct claim *claim)
{
	return claim->about == OOM_ABOUT_WORKLOAD ? oom_attempt_workload(attempt, claim->subject)
						  : NULL;
}

struct oom_unit_rec *mutation_unit(struct oom_attempt *attempt, const struct claim *claim)
{
	return claim->about == OOM_ABOUT_UNIT ? oom_attempt_unit(attempt, claim->subject) : NULL;
}

bool mutation_is_key(const struct claim *claim, const char *name)
{
	return !strcmp(claim->expect->key.name, name);
}

void mutation_end_as(struct oom_workload_rec *w, enum oom_killer own)
{
	w->own_killer = own;
	w->killed_by = own != OOM_KILLER_NOBODY ? own : w->descendants_killer;
}

void mutation_exit(struct oom_workload_rec *w)
{
	w->end = OOM_END_EXITED;
	w->exit_code = w->signal = w->asked_signal = 0;
	mutation_end_as(w, OOM_KILLER_NOBODY);
}

struct oom_kill *mutation_last_kill(struct oom_attempt *attempt)
{
	for (size_t i = attempt->n_kills; i-- > 0;)
		if (oom_kill_is_kernels(&attempt->kills[i]))
			return &attempt->kills[i];
	return NULL;
}

void mutation_drop_kernel_signals(struct oom_attempt *attempt)
{
	size_t kept = 0;

	for (size_t i = 0; i < attempt->n_signals; i++)
		if (attempt->signals[i].code != OOM_TRACE_BY_KERNEL)
			attempt->signals[kept++] = attempt->signals[i];
	attempt->n_signals = kept;
}

static void zero_kills(struct oom_counter *counters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(counters[i].name, "oom", 3))
			counters[i].value = 0;
}

/* Of each workload what follows when no kill is known; @own: then, of what the kernel had killed. */
void mutation_forget_kills(struct oom_attempt *attempt, enum oom_killer own)
{
	attempt->n_kills = 0;
	attempt->kill_latency_us = -1;
	mutation_drop_kernel_signals(attempt);
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		struct oom_workload_rec *w = &attempt->workloads[i];

		w->kills = 0;
		w->kill_latency_us = -1;
		if (mutation_by_kernel(w->descendants_killer)) {
			w->descendants_killed = 0;
			w->descendants_killer = OOM_KILLER_NOBODY;
		}
		if (!mutation_by_kernel(w->own_killer))
			mutation_end_as(w, w->own_killer);
		else if (own == OOM_KILLER_NOBODY)
			mutation_exit(w);
		else
			mutation_end_as(w, own);
	}
}

/* Is what the claim says a kill of the kernel's? */
bool mutation_needs_kill(struct oom_attempt *attempt, const struct claim *claim)
{
	const struct oom_workload_rec *w = mutation_workload(attempt, claim);

	if (!mutation_last_kill(attempt))
		return false;
	if (mutation_is_key(claim, "KilledBy") || mutation_is_key(claim, "KilledBy.self"))
		return strstr(claim->wanted, "kernel-") && !strchr(claim->wanted, '|');
	if (mutation_is_key(claim, "ExitCode") || mutation_is_key(claim, "Signal") ||
		mutation_is_key(claim, "Survives"))
		return mutation_by_kernel(w->own_killer);
	if (mutation_is_key(claim, "GroupKill"))
		return !strcmp(claim->wanted, "yes");
	if (mutation_is_key(claim, "Result"))
		return !strcmp(claim->wanted, "oom-kill");
	if (claim->expect->key.flags & OOM_KEY_PREFIX)
		return strstr(claim->key, ".oom") && strcmp(claim->wanted, "0") != 0;
	return !w || w->kills > 0;
}

bool mutation_nobody_was_killed(struct oom_attempt *attempt, const struct claim *claim)
{
	if (!mutation_needs_kill(attempt, claim))
		return false;
	mutation_forget_kills(attempt, OOM_KILLER_NOBODY);
	attempt->oom_kills = 0;
	judge_machine_counted(attempt, 0);
	for (size_t i = 0; i < attempt->n_units; i++) {
		struct oom_unit_rec *unit = &attempt->units[i];

		zero_kills(unit->events, unit->n_events);
		zero_kills(unit->events_local, unit->n_events_local);
		zero_kills(unit->events_parent, unit->n_events_parent);
		unit->result = unit->result ? "success" : NULL;
	}
	return true;
}

/* A process of nobody's, before all others, and for want of something else. */
bool mutation_another_was_killed_first(struct oom_attempt *attempt, const struct claim *claim)
{
	const struct oom_source_rec *machine = oom_attempt_source(attempt, "vmstat");
	int64_t counted = machine && machine->records > 0 ? machine->records : 0;
	bool was_memcg = attempt->n_kills && attempt->kills[0].constraint == OOM_CONSTRAINT_MEMCG;
	struct oom_kill *kill = judge_add_kill(attempt, NULL, 999999), first;

	(void)claim;
	kill->kin = OOM_KIN_NONE;
	kill->task_memcg = "/system.slice/ssh.service";
	kill->constraint = was_memcg ? OOM_CONSTRAINT_NONE : OOM_CONSTRAINT_MEMCG;
	kill->killer = was_memcg ? OOM_KILLER_KERNEL_GLOBAL : OOM_KILLER_KERNEL_MEMCG;
	first = *kill;
	memmove(attempt->kills + 1, attempt->kills, (attempt->n_kills - 1) * sizeof(first));
	attempt->kills[0] = first;
	judge_machine_counted(attempt, counted + 1);
	return true;
}

bool mutation_a_child_was_killed(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);
	struct oom_kill *kill;

	/* of one that was killed itself KilledBy= asks for that alone */
	if (!w || (mutation_is_key(claim, "KilledBy") && w->own_killer != OOM_KILLER_NOBODY) ||
		strstr(claim->wanted, "kernel-memcg"))
		return false;
	kill = judge_add_kill(attempt, w->name, 999999);
	kill->kin = OOM_KIN_DESCENDANT;
	w->kills++;
	if (w->descendants_killed++ == 0)
		w->descendants_killer = OOM_KILLER_KERNEL_MEMCG;
	mutation_end_as(w, w->own_killer);
	judge_machine_counted(attempt, (int64_t)attempt->n_kills);
	return true;
}

/* The next workload in place of each victim. */
bool mutation_it_was_another(struct oom_attempt *attempt, const struct claim *claim)
{
	bool changed = false;

	if (!mutation_needs_kill(attempt, claim) || attempt->n_workloads < 2)
		return false;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		struct oom_kill *kill = &attempt->kills[i];
		struct oom_workload_rec *w =
			kill->workload ? oom_attempt_workload(attempt, kill->workload) : NULL;
		struct oom_workload_rec *other = attempt->workloads;

		if (!w)
			continue;
		other += (size_t)(w - attempt->workloads + 1) % attempt->n_workloads;
		kill->workload = other->name;
		kill->victim.pid = other->pid;
		kill->kin = OOM_KIN_OWN;
		*w = (struct oom_workload_rec){.name = w->name,
			.type = w->type,
			.scope = w->scope,
			.pid = w->pid,
			.start_us = 0,
			.kill_latency_us = -1};
		mutation_exit(w);
		other->end = OOM_END_SIGNALLED;
		other->signal = SIGKILL;
		other->exit_code = 128 + SIGKILL;
		mutation_end_as(other, kill->killer);
		changed |= claim->about == OOM_ABOUT_RUN || !strcmp(w->name, claim->subject);
	}
	mutation_drop_kernel_signals(attempt);
	return changed;
}

bool mutation_another_kind_of_kill(struct oom_attempt *attempt, const struct claim *claim)
{
	if (!mutation_needs_kill(attempt, claim))
		return false;
	for (size_t i = 0; i < attempt->n_kills; i++) {
		struct oom_kill *kill = &attempt->kills[i];

		if (!mutation_by_kernel(kill->killer))
			continue;
		kill->killer = kill->killer == OOM_KILLER_KERNEL_SYSRQ ? OOM_KILLER_KERNEL_MEMCG
								       : kill->killer + 1;
		kill->constraint = kill->constraint == OOM_CONSTRAINT_MEMCG ? OOM_CONSTRAINT_NONE
									    : kill->constraint + 1;
	}
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		struct oom_workload_rec *w = &attempt->workloads[i];

		if (w->descendants_killed > 0 && mutation_by_kernel(w->descendants_killer))
			w->descendants_killer = w->descendants_killer == OOM_KILLER_KERNEL_SYSRQ
				? OOM_KILLER_KERNEL_MEMCG
				: w->descendants_killer + 1;
		if (mutation_by_kernel(w->own_killer))
			mutation_end_as(w,
				w->own_killer == OOM_KILLER_KERNEL_SYSRQ ? OOM_KILLER_KERNEL_MEMCG
									 : w->own_killer + 1);
		else
			mutation_end_as(w, w->own_killer);
	}
	return true;
}

/* A process sent the signal, and no kernel. */
bool mutation_somebody_sent_it(struct oom_attempt *attempt, const struct claim *claim)
{
	struct oom_workload_rec *w = mutation_workload(attempt, claim);

	if (!w || !mutation_needs_kill(attempt, claim) || !mutation_by_kernel(w->own_killer))
		return false;
	mutation_forget_kills(attempt, OOM_KILLER_SIGNAL);
	attempt->oom_kills = 0;
	judge_machine_counted(attempt, 0);
	return true;
}
