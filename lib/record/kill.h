/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KILL_H
#define OOM_KILL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One process killed for want of memory, as a log tells it. What the log does not say is -1 (numbers)
 * or NULL (strings), never 0 and never a guess; JSON prints null for it.
 */

enum oom_killer { /* KilledBy= */
	OOM_KILLER_UNKNOWN,
	OOM_KILLER_NOBODY,
	OOM_KILLER_KERNEL_MEMCG,
	OOM_KILLER_KERNEL_GLOBAL,
	OOM_KILLER_KERNEL_CPUSET,
	OOM_KILLER_KERNEL_MEMPOLICY,
	OOM_KILLER_KERNEL_SYSRQ,
	OOM_KILLER_SYSTEMD_OOMD,
	OOM_KILLER_EARLYOOM,
	OOM_KILLER_NOHANG,
	OOM_KILLER_LOWMEMORYKILLER,
	OOM_KILLER_SYSTEMD, /* its own SIGKILL: a stop timeout, OOMPolicy= */
	OOM_KILLER_SIGNAL,
	OOM_KILLER_COUNT_
};

enum oom_constraint { /* include/linux/oom.h: enum oom_constraint */
	OOM_CONSTRAINT_UNKNOWN,
	OOM_CONSTRAINT_NONE,
	OOM_CONSTRAINT_CPUSET,
	OOM_CONSTRAINT_MEMPOLICY,
	OOM_CONSTRAINT_MEMCG,
	OOM_CONSTRAINT_COUNT_
};

/* A process in a log: a victim, or a row of the task table. */
struct oom_task {
	int64_t pid, tgid;
	const char *comm;
	int64_t uid;
	int64_t total_vm_kib;
	int64_t rss_kib; /* of a task table: the sum */
	int64_t anon_rss_kib, file_rss_kib, shmem_rss_kib;
	int64_t pgtables_kib;
	int64_t swapents; /* pages */
	int64_t oom_score_adj; /* INT64_MIN where unknown: -1 is a value */
	int64_t points; /* badness by our own formula, in pages; INT64_MIN: not computed */
};

#define OOM_ADJ_UNKNOWN INT64_MIN

/* What a process is to its workload. */
#define OOM_KIN_OWN	   "own"
#define OOM_KIN_DESCENDANT "descendant"
#define OOM_KIN_NONE	   "none" /* it descends from no workload: that is known */

struct oom_kill {
	int64_t line; /* line in the log, from 1 */
	int64_t time_us; /* the record's kernel timestamp */
	enum oom_killer killer;
	struct oom_task victim;
	enum oom_constraint constraint;
	const char *oom_memcg, *task_memcg;
	const char *invoker_comm;
	int64_t invoker_pid;
	int64_t gfp_mask;
	int64_t order; /* INT64_MIN where unknown: -1 is sysrq */
	bool oom_group; /* one of a group's */
	int64_t chosen_pid; /* named by "Kill process" where another was killed */
	const char *chosen_comm;
	int64_t limit_kib, usage_kib; /* of the memcg */
	int64_t total_pages; /* of the domain: what adj scales with */
	const struct oom_task *tasks; /* the dumped table, in its order */
	size_t n_tasks;
	const struct oom_task *ranking; /* the same by points, highest first; empty: no oracle */
	size_t n_ranking;
	const char *explanation;
	bool order_unknown; /* of a run: it may have happened before those in front of it that say so, too */
	const char
		*workload; /* of a run: the workload the victim belongs to; NULL: none, or no run.
				 Only the record's JSON has it (lib/record/json.c), and what follows */
	const char *
		kin; /* is the victim the workload's own (main) process, or started by it? OOM_KIN_*; NULL: not said */
	int64_t victim_start_us; /* when it was forked, since the attempt began: with the pid, who it was; -1:
				    before the attempt, or not known */
};

/* "kernel-memcg", "memcg": as in KilledBy= and Constraint=. */
const char *oom_killer_name(enum oom_killer killer);
const char *oom_constraint_name(enum oom_constraint constraint);
/* OOM_KILLER_COUNT_ / OOM_CONSTRAINT_COUNT_ when there is none of that name. */
enum oom_killer oom_killer_from_name(const char *name);
enum oom_constraint oom_constraint_from_name(const char *name);
/* Sets every field to "the log does not say". */
void oom_kill_init(struct oom_kill *kill);
void oom_task_init(struct oom_task *task);

/* What sources can contradict each other about. */
enum oom_fact {
	OOM_FACT_VICTIM = 1 << 0, /* who was killed */
	OOM_FACT_KILLER = 1 << 1, /* by whom */
	OOM_FACT_COUNT = 1 << 2, /* how many were killed */
	OOM_FACT_TIME = 1 << 3, /* when, and in which order */
};

/* "victim", "killer", "count", "time" */
const char *oom_fact_name(enum oom_fact fact);
enum oom_fact oom_fact_from_name(const char *name); /* 0: none */

struct oom_arena;
struct json_t;

/* The kill as an object of oomgate.explain/1; a new reference, NULL without memory. */
struct json_t *oom_kill_to_json(const struct oom_kill *kill);
/* And back; strings are copied into @arena. -EBADMSG when @json is no kill. */
int oom_kill_from_json(struct oom_arena *arena, const struct json_t *json, struct oom_kill *ret);

#endif
