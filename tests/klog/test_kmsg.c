// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/klog/kmsg.h"
#include "lib/record/kill.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>

/* One memcg kill as a 6.12 guest prints it, long path in two records. */
static const char memcg_kill[] =
	"12,100,5000000,-;oomgate: begin 1\n"
	"4,101,5100000,-,caller=T77;hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
	"oom_score_adj=0\n"
	"4,102,5100001,-,caller=T77;CPU: 1 UID: 0 PID: 77 Comm: hog Not tainted 6.12.1 #1\n"
	" SUBSYSTEM=cpu\n"
	"6,103,5100002,-,caller=T77;memory: usage 204800kB, limit 204800kB, failcnt 12\n"
	"6,104,5100003,-,caller=T77;swap: usage 0kB, limit 0kB, failcnt 0\n"
	"6,105,5100004,-,caller=T77;Tasks state (memory values in pages):\n"
	"6,106,5100005,-,caller=T77;[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file "
	"rss_shmem pgtables_bytes swapents oom_score_adj name\n"
	"6,107,5100006,-,caller=T77;[     77]     0    77   102400    50000    49744      256         "
	"0   450560        0             0 hog\n"
	"6,108,5100007,-,caller=T77;[     78]  1000    78      812      300      100      200         "
	"0    45056        0         -1000 a b) (c\n"
	"6,109,5100008,-,caller=T77;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=box,"
	"mems_allowed=0,oom_memcg=/oomgate.slice/box.scope,task_memcg=/oomgate.slice/\n"
	"4,110,5100008,c,caller=T77;box.scope,task=hog,pid=77,uid=0\n"
	"3,111,5100009,-,caller=T77;Memory cgroup out of memory: Killed process 77 (hog) "
	"total-vm:409600kB, anon-rss:198976kB, file-rss:1024kB, shmem-rss:0kB, UID:0 "
	"pgtables:440kB oom_score_adj:0\n";

Test(klog_kmsg, reads_one_kill_whole)
{
	struct oom_arena arena = {0};
	struct oom_kill *kills = NULL;
	size_t count = 0;

	cr_assert_eq(
		oom_kills_from_kmsg(&arena, memcg_kill, strlen(memcg_kill), &kills, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_eq(kills->killer, OOM_KILLER_KERNEL_MEMCG);
	cr_expect_eq(kills->constraint, OOM_CONSTRAINT_MEMCG);
	cr_expect_eq(kills->victim.pid, 77);
	cr_expect_str_eq(kills->victim.comm, "hog");
	cr_expect_eq(kills->victim.uid, 0);
	cr_expect_eq(kills->victim.total_vm_kib, 409600);
	cr_expect_eq(kills->victim.anon_rss_kib, 198976);
	cr_expect_eq(kills->victim.pgtables_kib, 440);
	cr_expect_eq(kills->victim.oom_score_adj, 0);
	cr_expect_str_eq(kills->oom_memcg, "/oomgate.slice/box.scope");
	cr_expect_str_eq(kills->task_memcg, "/oomgate.slice/box.scope", "joined from two records");
	cr_expect_str_eq(kills->invoker_comm, "hog");
	cr_expect_eq(kills->invoker_pid, 77);
	cr_expect_eq(kills->gfp_mask, 0xcc0);
	cr_expect_eq(kills->order, 0);
	cr_expect_eq(kills->limit_kib, 204800);
	cr_expect_eq(kills->time_us, 5100009);
	cr_assert_eq(kills->n_tasks, 2);
	cr_expect_eq(kills->tasks[0].anon_rss_kib, 49744 * 4);
	cr_expect_eq(kills->tasks[0].pgtables_kib, 440);
	cr_expect_str_eq(kills->tasks[1].comm, "a b) (c");
	cr_expect_eq(kills->tasks[1].oom_score_adj, -1000);
	oom_arena_release(&arena);
}

static size_t count_kills(const char *text)
{
	struct oom_arena arena = {0};
	struct oom_kill *kills = NULL;
	size_t count = 0;

	cr_assert_eq(oom_kills_from_kmsg(&arena, text, strlen(text), &kills, &count), 0);
	oom_arena_release(&arena);
	return count;
}

#define SIZES                                                                                      \
	" total-vm:400kB, anon-rss:12kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n"

Test(klog_kmsg, counts_processes_and_not_lines)
{
	static const struct {
		const char *what, *text;
		size_t kills;
	} rows[] = {
		{"nothing", "", 0},
		{"two kills of a storm without headers",
			"3,1,10,-;Memory cgroup out of memory: Killed process 5 (a)" SIZES
			"3,2,20,-;Memory cgroup out of memory: Killed process 6 (a)" SIZES,
			2},
		{"a group whose first victim is printed again",
			"3,1,10,-;Memory cgroup out of memory: Killed process 5 (a)" SIZES
			"6,2,11,-;Tasks in /g are going to be killed due to memory.oom.group set\n"
			"3,3,12,-;Memory cgroup out of memory: Killed process 6 (b)" SIZES
			"3,4,13,-;Memory cgroup out of memory: Killed process 5 (a)" SIZES
			"3,5,14,-;Memory cgroup out of memory: Killed process 7 (c)" SIZES,
			3},
		{"a program that imitates the kernel (facility 1)",
			"12,1,10,-;Out of memory: Killed process 5 (a)" SIZES, 0},
		{"announced, and then nothing",
			"3,1,10,-;Out of memory: Kill process 5 (a) score 9 or sacrifice child\n",
			0},
		{"announced and killed",
			"3,1,10,-;Out of memory: Kill process 5 (a) score 9 or sacrifice child\n"
			"3,2,10,-;Killed process 5 (a) total-vm:400kB, anon-rss:12kB, file-rss:0kB\n",
			1},
		{"a stack that goes through oom_kill_process",
			"4,1,10,-; oom_kill_process+0x14/0x30\n", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(count_kills(rows[i].text), rows[i].kills, "%s: %zu kills",
			rows[i].what, count_kills(rows[i].text));
}

Test(klog_kmsg, a_group_is_marked_from_its_first_victim_on)
{
	static const char text[] =
		"4,1,9,-;x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
		"6,2,9,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/g,task_memcg=/g/t,task=a,pid=5,uid=0\n"
		"3,3,10,-;Memory cgroup out of memory: Killed process 5 (a)" SIZES
		"6,4,11,-;Tasks in /g are going to be killed due to memory.oom.group set\n"
		"3,5,12,-;Memory cgroup out of memory: Killed process 6 (b)" SIZES;
	struct oom_arena arena = {0};
	struct oom_kill *kills = NULL;
	size_t count = 0;

	cr_assert_eq(oom_kills_from_kmsg(&arena, text, strlen(text), &kills, &count), 0);
	cr_assert_eq(count, 2);
	cr_expect(kills[0].oom_group);
	cr_expect(kills[1].oom_group);
	cr_expect_str_eq(kills[0].task_memcg, "/g/t");
	cr_expect_null(kills[1].task_memcg, "the log does not say where the second was");
	cr_expect_str_eq(kills[1].oom_memcg, "/g");
	cr_expect_str_eq(kills[1].invoker_comm, "x");
	oom_arena_release(&arena);
}

Test(kill_json, round_trip)
{
	struct oom_arena arena = {0};
	struct oom_kill *kills = NULL, back;
	size_t count = 0;
	json_t *json, *again;

	cr_assert_eq(
		oom_kills_from_kmsg(&arena, memcg_kill, strlen(memcg_kill), &kills, &count), 0);
	json = oom_kill_to_json(kills);
	cr_assert_not_null(json);
	cr_expect_str_eq(json_string_value(json_object_get(json, "gfp_mask")), "0xcc0");
	cr_expect(json_is_null(json_object_get(json, "chosen")));
	cr_assert_eq(oom_kill_from_json(&arena, json, &back), 0);
	again = oom_kill_to_json(&back);
	cr_expect(json_equal(json, again));
	json_decref(again);
	json_object_set_new(json, "killer", json_string("the butler"));
	cr_expect_eq(oom_kill_from_json(&arena, json, &back), -EBADMSG);
	json_decref(json);
	oom_arena_release(&arena);
}

Test(kill_json, a_name_that_is_no_text)
{
	struct oom_kill kill;
	json_t *json;

	oom_kill_init(&kill);
	kill.victim.comm = "a\xff\xe4\xb8";
	json = oom_kill_to_json(&kill);
	cr_assert_not_null(json);
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(json, "victim"), "comm")),
		"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(json);
}

Test(kill, names)
{
	for (int i = 0; i < OOM_KILLER_COUNT_; i++)
		cr_expect_eq((int)oom_killer_from_name(oom_killer_name((enum oom_killer)i)), i);
	for (int i = 0; i < OOM_CONSTRAINT_COUNT_; i++)
		cr_expect_eq(
			(int)oom_constraint_from_name(oom_constraint_name((enum oom_constraint)i)),
			i);
	cr_expect_eq(oom_killer_from_name("kernel"), OOM_KILLER_COUNT_);
	cr_expect_eq(oom_killer_from_name(NULL), OOM_KILLER_COUNT_);
}
