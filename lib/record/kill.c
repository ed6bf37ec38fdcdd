// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/kill.h"

#include <signal.h>
#include <string.h>

static const char *const killer_names[OOM_KILLER_COUNT_] = {
	[OOM_KILLER_UNKNOWN] = "unknown",
	[OOM_KILLER_NOBODY] = "nobody",
	[OOM_KILLER_KERNEL_MEMCG] = "kernel-memcg",
	[OOM_KILLER_KERNEL_GLOBAL] = "kernel-global",
	[OOM_KILLER_KERNEL_CPUSET] = "kernel-cpuset",
	[OOM_KILLER_KERNEL_MEMPOLICY] = "kernel-mempolicy",
	[OOM_KILLER_KERNEL_SYSRQ] = "kernel-sysrq",
	[OOM_KILLER_SYSTEMD_OOMD] = "systemd-oomd",
	[OOM_KILLER_EARLYOOM] = "earlyoom",
	[OOM_KILLER_NOHANG] = "nohang",
	[OOM_KILLER_LOWMEMORYKILLER] = "lowmemorykiller",
	[OOM_KILLER_SYSTEMD] = "systemd",
	[OOM_KILLER_SIGNAL] = "signal",
};

static const char *const constraint_names[OOM_CONSTRAINT_COUNT_] = {
	[OOM_CONSTRAINT_UNKNOWN] = "unknown",
	[OOM_CONSTRAINT_NONE] = "none",
	[OOM_CONSTRAINT_CPUSET] = "cpuset",
	[OOM_CONSTRAINT_MEMPOLICY] = "mempolicy",
	[OOM_CONSTRAINT_MEMCG] = "memcg",
};

static int name_index(const char *const *names, int count, const char *name)
{
	int i = 0;

	while (i < count && (!name || strcmp(names[i], name)))
		i++;
	return i;
}

const char *oom_killer_name(enum oom_killer killer)
{
	return (unsigned)killer < OOM_KILLER_COUNT_ ? killer_names[killer] : "unknown";
}

const char *oom_constraint_name(enum oom_constraint constraint)
{
	return (unsigned)constraint < OOM_CONSTRAINT_COUNT_ ? constraint_names[constraint]
							    : "unknown";
}

enum oom_killer oom_killer_from_name(const char *name)
{
	return (enum oom_killer)name_index(killer_names, OOM_KILLER_COUNT_, name);
}

enum oom_constraint oom_constraint_from_name(const char *name)
{
	return (enum oom_constraint)name_index(constraint_names, OOM_CONSTRAINT_COUNT_, name);
}

void oom_task_init(struct oom_task *task)
{
	*task = (struct oom_task){
		.pid = -1,
		.tgid = -1,
		.uid = -1,
		.total_vm_kib = -1,
		.rss_kib = -1,
		.anon_rss_kib = -1,
		.file_rss_kib = -1,
		.shmem_rss_kib = -1,
		.pgtables_kib = -1,
		.swapents = -1,
		.oom_score_adj = OOM_ADJ_UNKNOWN,
		.points = INT64_MIN,
	};
}

void oom_kill_init(struct oom_kill *kill)
{
	*kill = (struct oom_kill){
		.line = -1,
		.time_us = -1,
		.invoker_pid = -1,
		.gfp_mask = -1,
		.order = INT64_MIN,
		.chosen_pid = -1,
		.limit_kib = -1,
		.usage_kib = -1,
		.total_pages = -1,
		.victim_start_us = -1,
	};
	oom_task_init(&kill->victim);
}

static const struct {
	enum oom_fact fact;
	const char *name, *old_key; /* old_key: as oomgate.run/1 named it, by an expectation */
} facts[] = {
	{OOM_FACT_VICTIM, "victim", "Victim"},
	{OOM_FACT_KILLER, "killer", "KilledBy"},
	{OOM_FACT_COUNT, "count", "OOMKills"},
	{OOM_FACT_TIME, "time", "KillLatency"},
};

const char *oom_fact_name(enum oom_fact fact)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (facts[i].fact == fact)
			return facts[i].name;
	return NULL;
}

enum oom_fact oom_fact_from_name(const char *name)
{
	for (size_t i = 0; name && i < sizeof(facts) / sizeof(*facts); i++)
		if (!strcmp(facts[i].name, name) || !strcmp(facts[i].old_key, name))
			return facts[i].fact;
	return (enum oom_fact)0;
}
