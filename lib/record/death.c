// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/death.h"

#include "lib/kernel/cgroup_path.h"

#include <errno.h>
#include <string.h>

struct deaths {
	struct oom_arena *arena;
	struct oom_death *items;
	size_t count;
};

static int add(struct deaths *deaths, const struct oom_death *death)
{
	struct oom_death *grown =
		oom_arena_grow(deaths->arena, deaths->items, deaths->count, sizeof(*deaths->items));

	if (!grown)
		return -ENOMEM;
	deaths->items = grown;
	grown[deaths->count++] = *death;
	return 0;
}

/* A workload's own process: its wait status says that it died, and own_killer by whom. */
static int add_own(const struct oom_attempt *attempt, struct deaths *deaths)
{
	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];
		struct oom_death death = {.killer = w->own_killer, .workload = w, .own = true};

		if ((w->end != OOM_END_SIGNALLED && w->end != OOM_END_STUCK &&
			    w->asked_signal <= 0) ||
			w->own_killer == OOM_KILLER_NOBODY)
			continue;
		for (size_t k = 0; k < attempt->n_kills && !death.kill; k++)
			if (attempt->kills[k].killer == w->own_killer &&
				oom_kill_is_own(&attempt->kills[k], w))
				death.kill = &attempt->kills[k];
		if (!death.kill)
			death.sent = oom_workload_sender(attempt, w);
		if (add(deaths, &death) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_kills(const struct oom_attempt *attempt, struct deaths *deaths)
{
	for (size_t i = 0; i < attempt->n_kills; i++) {
		const struct oom_kill *kill = &attempt->kills[i];
		struct oom_workload_rec *w =
			kill->workload ? oom_attempt_workload(attempt, kill->workload) : NULL;
		struct oom_death death = {.killer = kill->killer, .workload = w, .kill = kill};

		if ((!w || !oom_kill_is_own(kill, w)) && add(deaths, &death) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A process dies once: by the kernel's kill of it, else by the first signal that was meant to end it. */
static bool is_dead(const struct deaths *deaths, const struct oom_signal_rec *sent)
{
	for (size_t i = 0; i < deaths->count; i++) {
		const struct oom_death *death = &deaths->items[i];
		int64_t pid = death->kill ? death->kill->victim.pid
			: death->sent	  ? death->sent->target_pid
					  : -1;

		if (pid == sent->target_pid)
			return true;
	}
	return false;
}

static int add_signals(const struct oom_attempt *attempt, struct deaths *deaths)
{
	for (size_t i = 0; i < attempt->n_signals; i++) {
		const struct oom_signal_rec *sent = &attempt->signals[i];
		struct oom_workload_rec *w = sent->target_workload
			? oom_attempt_workload(attempt, sent->target_workload)
			: NULL;
		struct oom_death death = {.killer = sent->killer, .workload = w, .sent = sent};

		if (sent->ended && !(w && oom_signal_is_own(sent, w)) && !is_dead(deaths, sent) &&
			add(deaths, &death) < 0)
			return -ENOMEM;
	}
	return 0;
}

int oom_attempt_deaths(const struct oom_attempt *attempt, struct oom_arena *arena,
	struct oom_death **ret, size_t *ret_count)
{
	struct deaths deaths = {.arena = arena};

	if (add_own(attempt, &deaths) < 0 || add_kills(attempt, &deaths) < 0 ||
		add_signals(attempt, &deaths) < 0)
		return -ENOMEM;
	*ret = deaths.items;
	*ret_count = deaths.count;
	return 0;
}

bool oom_death_in_unit(const struct oom_attempt *attempt, const struct oom_death *death,
	const struct oom_unit_rec *unit)
{
	const char *name = death->sent && death->sent->target_unit ? death->sent->target_unit
		: death->workload				   ? death->workload->scope
								   : NULL;
	const struct oom_unit_rec *in = name ? oom_attempt_unit(attempt, name) : NULL;

	if (death->kill && death->kill->task_memcg)
		return oom_cgroup_is_within(death->kill->task_memcg, unit->cgroup);
	return in == unit || (in && oom_cgroup_is_within(in->cgroup, unit->cgroup));
}

/* "earlyoom.service"; of the scenario's units also "box", and "box.scope". */
static bool is_unit(const struct oom_signal_rec *sent, const char *wanted)
{
	const char *suffix = strrchr(sent->sender_unit, '.');
	size_t len = sent->sender_in ? strlen(sent->sender_in) : 0;

	if (!strcmp(sent->sender_unit, wanted))
		return true;
	return len && !strncmp(wanted, sent->sender_in, len) &&
		(!wanted[len] || (suffix && !strcmp(wanted + len, suffix)));
}

int oom_death_is_by(const struct oom_death *death, const char *wanted)
{
	bool by_unit = !strncmp(wanted, "unit:", 5), by_exe = !strncmp(wanted, "exe:", 4);
	const struct oom_signal_rec *sent = death->sent;

	if (!by_unit && !by_exe) {
		if (!strcmp(wanted, oom_killer_name(death->killer)))
			return 1;
		return death->killer == OOM_KILLER_UNKNOWN ? -1 : 0;
	}
	if (death->kill)
		return 0;
	if (by_unit)
		return sent && sent->sender_unit ? is_unit(sent, wanted + 5) : -1;
	return sent && sent->sender_exe ? !strcmp(sent->sender_exe, wanted + 4) : -1;
}
