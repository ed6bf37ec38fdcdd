// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/oracle/badness.h"

#include "lib/base/arena.h"
#include "lib/klog/klog.h"
#include "tests/support/text_source.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct oom_task task_of(
	int64_t pid, int64_t rss_pages, int64_t swap, int64_t tables_kib, int64_t adj, int64_t uid)
{
	struct oom_task task;

	oom_task_init(&task);
	task.pid = pid;
	task.comm = "x";
	task.rss_kib = rss_pages * 4;
	task.swapents = swap;
	task.pgtables_kib = tables_kib;
	task.oom_score_adj = adj;
	task.uid = uid;
	return task;
}

Test(badness, the_formula)
{
	static const struct {
		const char *what;
		int64_t rss, swap, tables_kib, adj, uid, total;
		bool root_bonus;
		int64_t points;
	} rows[] = {
		{"all three", 1000, 20, 40, 0, 5, 100000, false, 1030},
		{"no columns for swap and tables", 1000, -1, -1, 0, 5, 100000, false, 1000},
		{"adj scales with the domain", 1000, 0, 0, 100, 5, 8192, false, 1000 + 100 * 8},
		{"a negative adj may go below zero", 1000, 0, 0, -500, 5, 100000, false,
			1000 - 50000},
		{"-1000 is never taken", 1000, 0, 0, -1000, 5, 100000, false, OOM_POINTS_NONE},
		{"root, up to 4.16", 1000, 0, 0, 0, 0, 100000, true, 970},
		{"root, later", 1000, 0, 0, 0, 0, 100000, false, 1000},
		{"not root", 1000, 0, 0, 0, 1, 100000, true, 1000},
		{"an unknown domain and no adj", 1000, 0, 0, 0, 1, -1, false, 1000},
		{"an unknown domain and an adj", 1000, 0, 0, 1, 1, -1, false, OOM_POINTS_NONE},
		{"a smaller domain than 1000 pages", 10, 0, 0, 1000, 1, 999, false, 10},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_badness_rule rule = {rows[i].total, 4, rows[i].root_bonus};
		struct oom_task task = task_of(
			7, rows[i].rss, rows[i].swap, rows[i].tables_kib, rows[i].adj, rows[i].uid);

		cr_expect_eq(oom_badness_points(&rule, &task), rows[i].points, "%s: %ld",
			rows[i].what, (long)oom_badness_points(&rule, &task));
	}
}

Test(badness, scores_of_both_scales)
{
	struct oom_badness_rule rule = {100000, 4, false};

	cr_expect_eq(oom_badness_score(&rule, 0, false), 666);
	cr_expect_eq(oom_badness_score(&rule, 50000, false), 1000);
	cr_expect_eq(oom_badness_score(&rule, -100000, false), 0);
	cr_expect_eq(oom_badness_score(&rule, 200000, false), 2000);
	cr_expect_eq(oom_badness_score(&rule, OOM_POINTS_NONE, false), 0);
	cr_expect_eq(oom_badness_score(&rule, 50000, true), 500);
	cr_expect_eq(oom_badness_score(&rule, -5, true), 0);
}

Test(badness, ranking)
{
	struct oom_badness_rule rule = {100000, 4, false};
	struct oom_task tasks[40];
	struct oom_arena arena = {0};
	struct oom_kill kill;

	oom_kill_init(&kill);
	for (int i = 0; i < 40; i++) {
		tasks[i] = task_of(100 + i, i % 7 * 10, 0, 0, i == 6 ? -1000 : 0, 1);
		tasks[i].points = oom_badness_points(&rule, tasks + i);
	}
	kill.tasks = tasks;
	kill.n_tasks = 40;
	for (size_t limit = 0; limit <= 40; limit++) {
		cr_assert_eq(oom_badness_rank(&arena, &kill, limit), 0);
		cr_assert_eq(kill.n_ranking, limit && limit < 39 ? limit : 39, "limit %zu", limit);
		/* 60 points: 113, 120, 127, 134 (106 is protected), then 50; the last of equals first */
		cr_expect_eq(kill.ranking[0].pid, 134, "limit %zu", limit);
		if (kill.n_ranking > 4)
			cr_expect_eq(kill.ranking[4].pid, 133, "limit %zu: %ld", limit,
				(long)kill.ranking[4].pid);
		for (size_t i = 1; i < kill.n_ranking; i++)
			cr_expect_leq(kill.ranking[i].points, kill.ranking[i - 1].points);
	}
	oom_arena_release(&arena);
}

#define HEADING                                                                                    \
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
#define SMALL "[     10]     3    10     1250      300    40960        0             0 small\n"
#define TABLE                                                                                      \
	HEADING SMALL                                                                              \
		"[     11]     3    11     9250     2000    40960       90             0 big\n"    \
		"[     12]     3    12     9250     9000    40960       90         -1000 protected\n"
#define SIZES  "total-vm:5000kB, anon-rss:4000kB, file-rss:20kB, shmem-rss:0kB"
#define HEADER "x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"

static const struct {
	const char *what, *text;
	enum oom_prediction prediction;
	const char *words; /* of the explanation */
} predictions[] = {
	{"as predicted", HEADER TABLE "Out of memory: Killed process 11 (big) " SIZES "\n",
		OOM_PREDICTION_AGREES,
		"big (11) had the highest badness of 3 tasks: rss 2000 + swap 90 + page "
		"tables 10 = 2100 pages"},
	{"the only task",
		HEADER HEADING SMALL "Out of memory: Killed process 10 (small) " SIZES "\n",
		OOM_PREDICTION_AGREES,
		"small (10) was the only task: rss 300 + page tables 10 = 310 pages"},
	{"nobody knows why", HEADER TABLE "Out of memory: Killed process 10 (small) " SIZES "\n",
		OOM_PREDICTION_DISAGREES, "the log does not say why"},
	{"allocating task",
		HEADER TABLE
		"Out of memory (oom_kill_allocating_task): Killed process 10 (small) " SIZES "\n",
		OOM_PREDICTION_EXPLAINED, "vm.oom_kill_allocating_task"},
	{"a child",
		HEADER TABLE "Out of memory: Kill process 11 (big) score 9 or sacrifice child\n"
			     "Killed process 10 (small) " SIZES "\n",
		OOM_PREDICTION_EXPLAINED, "a child"},
	{"cut off", HEADER TABLE "Out of memory: Killed process 99 (new) " SIZES "\n",
		OOM_PREDICTION_EXPLAINED, "cut off"},
	{"no table", HEADER "Out of memory: Killed process 99 (new) " SIZES "\n",
		OOM_PREDICTION_NONE, NULL},
	{"another formula",
		HEADER "[ pid ]   uid  tgid total_vm      rss cpu oom_adj name\n"
		       "[   10]     3    10     1250      300   1       0 small\n"
		       "Out of memory: Killed process 10 (small)\n",
		OOM_PREDICTION_NONE, "before Linux 2.6.36"},
};

Test(badness, predicted_against_actual)
{
	for (size_t i = 0; i < sizeof(predictions) / sizeof(predictions[0]); i++) {
		struct text_source source = {predictions[i].text, strlen(predictions[i].text)};
		const struct oom_incident *incident;
		struct oom_arena arena = {0};
		struct oom_kill kill;
		struct oom_klog *log;

		cr_assert_eq(oom_klog_new(read_text, &source, 0, &log), 0);
		cr_assert_eq(
			oom_klog_next(log, &incident), OOM_EVENT_KILL, "%s", predictions[i].what);
		kill = incident->kill;
		cr_assert_eq(oom_badness_rank(&arena, &kill, 0), 0);
		cr_assert_eq(oom_badness_explain(&arena, incident, &kill), 0);
		cr_expect_eq(oom_badness_compare(incident, &kill), predictions[i].prediction, "%s",
			predictions[i].what);
		if (!predictions[i].words)
			cr_expect_null(
				kill.explanation, "%s: %s", predictions[i].what, kill.explanation);
		else
			cr_expect(
				kill.explanation && strstr(kill.explanation, predictions[i].words),
				"%s: %s", predictions[i].what, kill.explanation);
		oom_klog_free(log);
		oom_arena_release(&arena);
	}
}

/* The domain that adj is a share of. */
Test(badness, domains)
{
	static const char zones[] =
		"Mem-Info:\nNode 0 DMA free:1kB min:1kB low:1kB high:1kB present:4000kB managed:3000kB\n"
		"Node 1 Normal free:1kB min:1kB low:1kB high:1kB present:8000kB managed:7000kB\n"
		"Total swap = 400kB\n10000 pages RAM\n100 pages reserved\n";
	static const struct {
		const char *constraint, *limits;
		int64_t total_pages;
	} rows[] = {
		{"CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0-1,global_oom", "",
			9900 + 100},
		{"CONSTRAINT_CPUSET,nodemask=(null),cpuset=/,mems_allowed=1,global_oom", "",
			2000 + 100},
		{"CONSTRAINT_MEMORY_POLICY,nodemask=0-1,cpuset=/,mems_allowed=0-1,global_oom", "",
			3000 + 100},
		{"CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/m",
			"memory: usage 800kB, limit 800kB, failcnt 1\nswap: usage 0kB, limit 0kB, failcnt 0\n",
			200},
		{"CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/m",
			"memory: usage 800kB, limit 800kB, failcnt 1\nswap: usage 0kB, limit 80kB, failcnt 0\n",
			220},
		{"CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/m",
			"memory: usage 800kB, limit 800kB, failcnt 1\n"
			"memory+swap: usage 0kB, limit 1000kB, failcnt 0\n",
			250},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct oom_incident *incident;
		struct text_source source;
		struct oom_klog *log;
		char text[2048];

		snprintf(text, sizeof(text),
			HEADER "%s%soom-kill:constraint=%s,task_memcg=/m,task=a,pid=5,uid=0\n"
			       "Out of memory: Killed process 5 (a) " SIZES "\n",
			rows[i].limits, zones, rows[i].constraint);
		source = (struct text_source){text, strlen(text)};
		cr_assert_eq(oom_klog_new(read_text, &source, 0, &log), 0);
		cr_assert_eq(oom_klog_next(log, &incident), OOM_EVENT_KILL);
		cr_expect_eq(incident->kill.total_pages, rows[i].total_pages, "%s %s: %ld",
			rows[i].constraint, rows[i].limits, (long)incident->kill.total_pages);
		oom_klog_free(log);
	}
}
