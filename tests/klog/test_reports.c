// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines put together to reports: what belongs together, what does not, and what is broken. */
#include "lib/klog/klog.h"

#include "lib/base/arena.h"
#include "tests/support/text_source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SIZES "total-vm:5000kB, anon-rss:4000kB, file-rss:20kB, shmem-rss:0kB"

#define MAX_EVENTS 16
struct events {
	struct oom_arena arena;
	int n;
	struct {
		enum oom_event event;
		struct oom_incident incident; /* its strings: .kill's are copied, others not */
		struct oom_kill kill;
	} at[MAX_EVENTS];
};

static void explain(const char *text, struct events *events)
{
	struct text_source source = {text, strlen(text)};
	const struct oom_incident *incident;
	struct oom_klog *log;
	int rc;

	memset(events, 0, sizeof(*events));
	cr_assert_eq(oom_klog_new(read_text, &source, 0, &log), 0);
	while ((rc = oom_klog_next(log, &incident)) > 0) {
		cr_assert_lt(events->n, MAX_EVENTS);
		events->at[events->n].event = (enum oom_event)rc;
		events->at[events->n].incident = *incident;
		cr_assert_eq(
			oom_kill_copy(&events->arena, &incident->kill, &events->at[events->n].kill),
			0);
		events->n++;
	}
	cr_assert_eq(rc, 0);
	oom_klog_free(log);
}

#define HEADER(name)                                                                               \
	name " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"

Test(klog_reports, sysrq_is_known_without_the_header)
{
	static const char *const between[] = {
		"",
		HEADER("kworker/0:1"),
		"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
		"task_memcg=/t,task=a,pid=5,uid=0\n",
	};
	struct events e;

	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			"sysrq: Manual OOM execution\n%sOut of memory: Killed process 5 (a) " SIZES
			"\nOut of memory: Killed process 6 (b) " SIZES "\n",
			between[i]);
		explain(text, &e);
		cr_assert_eq(e.n, 2, "row %zu", i);
		cr_expect_eq(e.at[0].kill.killer, OOM_KILLER_KERNEL_SYSRQ, "row %zu", i);
		cr_expect_eq(e.at[1].kill.killer, OOM_KILLER_KERNEL_GLOBAL,
			"the next one was not asked for");
		oom_arena_release(&e.arena);
	}
}

Test(klog_reports, a_kill_before_a_header_is_not_the_headers)
{
	struct events e;

	explain("Memory cgroup out of memory: Killed process 5 (a) " SIZES "\n" HEADER(
			"x") "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/m,"
			     "task_memcg=/m/t,task=b,pid=6,uid=3\n"
			     "Memory cgroup out of memory: Killed process 6 (b) " SIZES "\n",
		&e);
	cr_assert_eq(e.n, 2);
	cr_expect_null(e.at[0].kill.invoker_comm);
	cr_expect_eq(e.at[0].kill.gfp_mask, -1);
	cr_expect_null(e.at[0].kill.oom_memcg);
	cr_expect_str_eq(e.at[1].kill.invoker_comm, "x");
	cr_expect_str_eq(e.at[1].kill.task_memcg, "/m/t");
	cr_expect_eq(e.at[1].kill.victim.uid, 3, "from the oom-kill: line");
	oom_arena_release(&e.arena);
}

Test(klog_reports, a_child_dies_instead)
{
	struct events e;

	explain("Out of memory: Kill process 5 (parent) score 9 or sacrifice child\n"
		"Killed process 6 (child) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n",
		&e);
	cr_assert_eq(e.n, 1);
	cr_expect_eq(e.at[0].kill.victim.pid, 6);
	cr_expect_eq(e.at[0].kill.chosen_pid, 5);
	cr_expect_str_eq(e.at[0].kill.chosen_comm, "parent");
	cr_expect_eq(e.at[0].kill.killer, OOM_KILLER_KERNEL_GLOBAL,
		"the announcement says whose memory");
	cr_expect_eq(e.at[0].kill.constraint, OOM_CONSTRAINT_UNKNOWN);
	cr_expect_eq(e.at[0].incident.score, 9);
	oom_arena_release(&e.arena);
}

Test(klog_reports, memcg_of_the_3_x_kind)
{
	struct events e;

	explain(HEADER("x") "Task in /a/b killed as a result of limit of /a\n"
			    "memory: usage 980kB, limit 1000kB, failcnt 41\n"
			    "memory+swap: usage 0kB, limit 18014398509481983kB, failcnt 0\n"
			    "Memory cgroup stats for /a: cache:12KB rss:980KB mapped_file:0KB\n"
			    "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
			    "[13536] 275858 13536  8389663      343   16267  8324326             0 memory monster\n"
			    "Memory cgroup out of memory: Kill process 13536 (memory monster) score 996 or sacrifice "
			    "child\n"
			    "Killed process 13536 (memory monster) total-vm:33558652kB, anon-rss:920kB, "
			    "file-rss:452kB\n",
		&e);
	cr_assert_eq(e.n, 1);
	cr_expect_str_eq(e.at[0].kill.oom_memcg, "/a");
	cr_expect_str_eq(e.at[0].kill.task_memcg, "/a/b");
	cr_expect_eq(e.at[0].kill.killer, OOM_KILLER_KERNEL_MEMCG);
	cr_expect_eq(e.at[0].kill.constraint, OOM_CONSTRAINT_MEMCG);
	cr_expect_eq(e.at[0].kill.limit_kib, 1000);
	cr_expect_eq(e.at[0].kill.usage_kib, 980);
	cr_expect_eq(e.at[0].incident.memory.anon_kib, 980);
	cr_expect_eq(e.at[0].incident.memory.file_kib, 12);
	cr_assert_eq(e.at[0].kill.n_tasks, 1);
	cr_expect_str_eq(e.at[0].kill.tasks[0].comm, "memory monster");
	cr_expect_eq(e.at[0].kill.tasks[0].pgtables_kib, 16267 * 4);
	cr_expect_eq(e.at[0].kill.tasks[0].swapents, 8324326);
	cr_expect_eq(
		e.at[0].kill.victim.oom_score_adj, OOM_ADJ_UNKNOWN, "the kill line does not say");
	oom_arena_release(&e.arena);
}

Test(klog_reports, a_memcg_that_said_none)
{
	struct events e;

	explain("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/m,"
		"task_memcg=/m,task=b,pid=6,uid=3\n"
		"Memory cgroup out of memory: Killed process 6 (b) " SIZES "\n",
		&e);
	cr_assert_eq(e.n, 1);
	cr_expect_eq(e.at[0].kill.constraint, OOM_CONSTRAINT_MEMCG);
	oom_arena_release(&e.arena);
}

Test(klog_reports, lines_that_were_broken)
{
	static const char *const rows[] = {
		"[  1.000000] Memory cgroup out of memory: Killed process 5\n(a b) " SIZES "\n",
		"[  1.000000] Memory cgroup out of memory: Killed process 5 (a b)\n" SIZES "\n",
		"[  1.000000] Memory cgroup out of memory: Killed process 5 (a b) total-vm:5000kB, "
		"anon-rss:4000kB, file-rss:20k\nB, shmem-rss:0kB\n",
		"[  1.000000] Memory cgroup out of memory: Killed process 5 (a b) total-vm:5000kB,\n"
		"anon-rss:4000kB,\nfile-rss:20kB, shmem-rss:0kB\n",
		"4,1,1000000,-;Memory cgroup out of memory: Killed process 5 (a \n"
		"6,2,1000000,c;b) " SIZES "\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct events e;

		explain(rows[i], &e);
		cr_assert_eq(e.n, 1, "%s", rows[i]);
		cr_expect_eq(e.at[0].kill.victim.pid, 5, "%s", rows[i]);
		cr_assert_not_null(e.at[0].kill.victim.comm, "%s", rows[i]);
		cr_expect_str_eq(e.at[0].kill.victim.comm, "a b", "%s: '%s'", rows[i],
			e.at[0].kill.victim.comm);
		cr_expect_eq(e.at[0].kill.victim.file_rss_kib, 20, "%s: %ld", rows[i],
			(long)e.at[0].kill.victim.file_rss_kib);
		oom_arena_release(&e.arena);
	}
}

Test(klog_reports, a_long_path_in_two_lines_of_dmesg)
{
	struct events e;

	explain("[  1.000000] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/long,task_memcg=/long/\n"
		"[  1.000000] path,task=b,pid=6,uid=3\n"
		"[  1.000000] Memory cgroup out of memory: Killed process 6 (b) " SIZES "\n",
		&e);
	cr_assert_eq(e.n, 1);
	cr_expect_str_eq(e.at[0].kill.task_memcg, "/long/path");
	cr_expect_eq(e.at[0].kill.victim.uid, 3);
	oom_arena_release(&e.arena);
}

Test(klog_reports, records_joined_on_one_line)
{
	struct events e;

	explain("[  1.000000] Out of memory: Killed process 5 (a) " SIZES
		"[  1.000002] Out of memory: Killed process 6 (b) " SIZES "\n",
		&e);
	cr_assert_eq(e.n, 2);
	cr_expect_eq(e.at[0].kill.victim.pid, 5);
	cr_expect_eq(e.at[1].kill.victim.pid, 6);
	cr_expect_eq(e.at[1].kill.time_us, 1000002);
	oom_arena_release(&e.arena);
}

Test(klog_reports, the_same_death_told_twice)
{
	static const struct {
		const char *what, *text;
		int kills;
	} rows[] = {
		{"repeated by the logger",
			"[  1.000000] Out of memory: Killed process 5 (a) " SIZES "\n"
			"[  1.000000] Out of memory: Killed process 5 (a) " SIZES "\n",
			1},
		{"chosen again while it dies",
			"[  1.000000] Out of memory: Killed process 5 (a) " SIZES "\n"
			"[  3.000000] y invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
			"[  3.000000] Out of memory: Killed process 5 (a) " SIZES "\n",
			1},
		{"the same number, another program",
			"[  1.000000] Out of memory: Killed process 5 (a) " SIZES "\n"
			"[  3.000000] Out of memory: Killed process 5 (b) " SIZES "\n",
			2},
		{"an hour later",
			"[  1.000000] Out of memory: Killed process 5 (a) " SIZES "\n"
			"[  3601.000000] Out of memory: Killed process 5 (a) " SIZES "\n",
			2},
		{"after a boot",
			"[  100.000000] Out of memory: Killed process 5 (a) " SIZES "\n"
			"[  9.000000] Out of memory: Killed process 5 (a) " SIZES "\n",
			2},
		{"another day",
			"Aug 12 03:00:00 h kernel: Out of memory: Killed process 5 (a) " SIZES "\n"
			"Aug 13 03:00:00 h kernel: Out of memory: Killed process 5 (a) " SIZES "\n",
			2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct events e;
		int kills = 0;

		explain(rows[i].text, &e);
		for (int k = 0; k < e.n; k++)
			kills += e.at[k].event == OOM_EVENT_KILL;
		cr_expect_eq(kills, rows[i].kills, "%s: %d", rows[i].what, kills);
		oom_arena_release(&e.arena);
	}
}

Test(klog_reports, panics_and_what_has_no_end)
{
	struct events e;

	explain("[  1.000000] " HEADER(
			"x") "[  1.000000] Out of memory and no killable processes...\n"
			     "[  1.000000] Kernel panic - not syncing: System is deadlocked on memory\n"
			     "[  1.000000] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---\n",
		&e);
	cr_assert_eq(e.n, 1);
	cr_expect_eq(e.at[0].event, OOM_EVENT_PANIC);
	cr_expect_str_eq(e.at[0].kill.invoker_comm, "x");
	oom_arena_release(&e.arena);

	explain("[  1.000000] " HEADER("x") "[  1.000000] Mem-Info:\n", &e);
	cr_assert_eq(e.n, 1);
	cr_expect_eq(e.at[0].event, OOM_EVENT_UNFINISHED);
	oom_arena_release(&e.arena);
}

Test(klog_reports, sysrq_and_global_memory)
{
	struct events e;

	explain("[  1.000000] sysrq: Manual OOM execution\n"
		"[  1.000001] kworker/1:1 invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		"[  1.000002] Mem-Info:\n"
		"[  1.000002] active_anon:100 inactive_anon:20 isolated_anon:0\n"
		"[  1.000002]  slab_reclaimable:7 slab_unreclaimable:9\n"
		"[  1.000002]  mapped:1 shmem:30 pagetables:2 bounce:0\n"
		"[  1.000002] Node 0 DMA32 free:400kB min:500kB low:600kB high:700kB present:8000kB "
		"managed:7000kB\n"
		"[  1.000002] Node 0 DMA32: 1*64kB 2*128kB = 320kB\n"
		"[  1.000002] Free swap  = 84kB\n"
		"[  1.000002] Total swap = 1000kB\n"
		"[  1.000002] 4000 pages RAM\n"
		"[  1.000002] 50 pages reserved\n"
		"[  1.000003] Out of memory: Killed process 5 (a) " SIZES "\n"
		"[  1.000103] oom_reaper: reaped process 5 (a), now anon-rss:0kB\n",
		&e);
	cr_assert_eq(e.n, 1);
	cr_expect_eq(e.at[0].kill.killer, OOM_KILLER_KERNEL_SYSRQ);
	cr_expect_eq(e.at[0].incident.page_kib, 64, "the free lists begin with the page size");
	cr_expect_eq(e.at[0].incident.memory.anon_kib, 120 * 64);
	cr_expect_eq(e.at[0].incident.memory.shmem_kib, 30 * 64);
	cr_expect_eq(e.at[0].incident.memory.ram_kib, 4000 * 64);
	cr_expect_eq(e.at[0].kill.total_pages, 4000 - 50 + 1000 / 64);
	cr_assert_eq(e.at[0].incident.memory.n_zones, 1);
	cr_expect_eq(e.at[0].incident.memory.zones[0].low_kib, 600);
	cr_expect_eq(e.at[0].incident.reaped_us, 1000103);
	oom_arena_release(&e.arena);
}

Test(klog_reports, tables_of_all_layouts)
{
	static const struct {
		const char *header, *row;
		int64_t rss_kib, pgtables_kib, swapents, adj;
	} rows[] = {
		{"[ pid ]   uid  tgid total_vm      rss cpu oom_adj name",
			"[   77]     3    77     1250      300   1     -17 a b", 1200, -1, -1,
			OOM_ADJ_UNKNOWN},
		{"[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name",
			"[   77]     3    77     1250      300   1     -17         -1000 a b", 1200,
			-1, -1, -1000},
		{"[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
			"[   77]     3    77     1250      300       7       2        9             4 a b",
			1200, 36, 9, 4},
		{"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
			"[     77]     3    77     1250      300    36864        9             4 a b",
			1200, 36, 9, 4},
		{"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes "
		 "swapents oom_score_adj name",
			"[     77]     3    77     1250      300      200      100         0    36864        "
			"9             4 a b",
			1200, 36, 9, 4},
		{"[  pid  ]   uid  tgid total_vm  brand_new    rss pgtables_bytes swapents oom_score_adj name",
			"[     77]     3    77     1250      12     300    36864        9             4 a b",
			1200, 36, 9, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];
		struct events e;

		snprintf(text, sizeof(text),
			HEADER("x") "%s\n%s\n[     78] broken row\nOut of memory: Killed process 77 (a b) " SIZES
				    "\n",
			rows[i].header, rows[i].row);
		explain(text, &e);
		cr_assert_eq(e.n, 1, "%s", rows[i].header);
		cr_assert_eq(e.at[0].kill.n_tasks, 1, "%s: %zu rows", rows[i].header,
			e.at[0].kill.n_tasks);
		cr_expect_str_eq(e.at[0].kill.tasks[0].comm, "a b");
		cr_expect_eq(e.at[0].kill.tasks[0].uid, 3);
		cr_expect_eq(e.at[0].kill.tasks[0].total_vm_kib, 5000);
		cr_expect_eq(e.at[0].kill.tasks[0].rss_kib, rows[i].rss_kib, "%s", rows[i].header);
		cr_expect_eq(e.at[0].kill.tasks[0].pgtables_kib, rows[i].pgtables_kib, "%s: %ld",
			rows[i].header, (long)e.at[0].kill.tasks[0].pgtables_kib);
		cr_expect_eq(
			e.at[0].kill.tasks[0].swapents, rows[i].swapents, "%s", rows[i].header);
		cr_expect_eq(
			e.at[0].kill.tasks[0].oom_score_adj, rows[i].adj, "%s", rows[i].header);
		oom_arena_release(&e.arena);
	}
}

/* A live log: the pause is told before the source is asked again, for then it waits for more. */
struct live_source {
	struct text_source text;
	bool pause_given, pause_told, asked_too_early;
};

static ssize_t read_live(void *context, char *buf, size_t size)
{
	struct live_source *live = context;
	ssize_t n = read_text(&live->text, buf, size);

	if (n || live->pause_told)
		return n;
	live->asked_too_early |= live->pause_given;
	live->pause_given = true;
	return -EAGAIN;
}

Test(klog_reports, a_pause_is_told_before_the_source_is_asked_again)
{
	/* of /dev/kmsg the last record waits for its continuation, too */
	static const char *const texts[] = {
		HEADER("x") "Out of memory: Killed process 5 (a) " SIZES "\n",
		"4,1,1000,-;x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n"
		"3,2,1001,-;Out of memory: Killed process 5 (a) " SIZES "\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct live_source live = {.text = {texts[i], strlen(texts[i])}};
		const struct oom_incident *incident;
		struct oom_klog *log;

		cr_assert_eq(oom_klog_new(read_live, &live, 0, &log), 0);
		cr_expect_eq(oom_klog_next(log, &incident), OOM_EVENT_KILL);
		cr_expect(live.pause_given);
		cr_expect_eq(oom_klog_next(log, &incident), -EAGAIN);
		cr_expect_not(live.asked_too_early, "%s", texts[i]);
		live.pause_told = true;
		cr_expect_eq(oom_klog_next(log, &incident), OOM_EVENT_END);
		oom_klog_free(log);
	}
}
