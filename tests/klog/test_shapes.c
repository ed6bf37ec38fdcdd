// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of all generations, and process names that try hard. */
#include "lib/klog/shape.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct oom_span span(const char *text)
{
	return (struct oom_span){text, strlen(text)};
}

static const char *text_of(struct oom_span s)
{
	static char buf[4][512];
	static int turn;
	char *to = buf[turn++ % 4];

	snprintf(to, 512, "%.*s", (int)s.len, s.at ? s.at : "");
	return to;
}

static const struct {
	const char *text;
	enum oom_shape_kind kind;
	int64_t pid;
	const char *comm;
	int64_t uid, total_vm, adj;
} kills[] = {
	{"Out of Memory: Killed process 12786 (firefox-bin).", OOM_SHAPE_KILL, 12786, "firefox-bin",
		-1, -1, OOM_ADJ_UNKNOWN},
	{"VM: killing process named", OOM_SHAPE_KILL, -1, "named", -1, -1, OOM_ADJ_UNKNOWN},
	{"VM: killing process mysqld(812)", OOM_SHAPE_KILL, 812, "mysqld", -1, -1, OOM_ADJ_UNKNOWN},
	{"Out of memory: kill process 5 (x) score 18 or a child", OOM_SHAPE_ANNOUNCE, 5, "x", -1,
		-1, OOM_ADJ_UNKNOWN},
	{"Killed process 5 (x)", OOM_SHAPE_KILL, 5, "x", -1, -1, OOM_ADJ_UNKNOWN},
	{"Killed process 5 (x) vsz:123kB, anon-rss:4kB, file-rss:0kB", OOM_SHAPE_KILL, 5, "x", -1,
		123, OOM_ADJ_UNKNOWN},
	{"Killed process 13550, UID 500, (java) total-vm:99kB, anon-rss:4kB, file-rss:0kB",
		OOM_SHAPE_KILL, 13550, "java", 500, 99, OOM_ADJ_UNKNOWN},
	{"Killed process 13550 (java), UID 500, total-vm:99kB, anon-rss:4kB, file-rss:0kB",
		OOM_SHAPE_KILL, 13550, "java", 500, 99, OOM_ADJ_UNKNOWN},
	{"Out of memory in UB 7: OOM killed process 33 (httpd) score 0 vm:44kB, rss:5kB, swap:0kB",
		OOM_SHAPE_KILL, 33, "httpd", -1, -1, OOM_ADJ_UNKNOWN},
	{"Memory cgroup out of memory: Killed process 7 (a) total-vm:9kB, anon-rss:4kB, file-rss:0kB, "
	 "shmem-rss:0kB, UID:3 pgtables:40kB oom_score_adj:-998",
		OOM_SHAPE_KILL, 7, "a", 3, 9, -998},
	{"Out of memory (oom_kill_allocating_task): Killed process 7 (a) total-vm:9kB",
		OOM_SHAPE_KILL, 7, "a", -1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Kill process 7 (a) score 9 or sacrifice child", OOM_SHAPE_ANNOUNCE, 7, "a",
		-1, -1, OOM_ADJ_UNKNOWN},
	{"Kill process 7 (a) sharing same memory", OOM_SHAPE_KILL, 7, "a", -1, -1, OOM_ADJ_UNKNOWN},
	/* names */
	{"Out of memory: Killed process 7 ((sd-pam)) total-vm:9kB", OOM_SHAPE_KILL, 7, "(sd-pam)",
		-1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 (tmux: server) total-vm:9kB", OOM_SHAPE_KILL, 7,
		"tmux: server", -1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 (x, UID 7, (y)) total-vm:9kB", OOM_SHAPE_KILL, 7,
		"x, UID 7, (y)", -1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 (Kill process 9) total-vm:9kB", OOM_SHAPE_KILL, 7,
		"Kill process 9", -1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 (a) total-vm:1k) total-vm:9kB", OOM_SHAPE_KILL, 7,
		"a) total-vm:1k", -1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 (foo)\nZ\n) total-vm:9kB", OOM_SHAPE_KILL, 7, "foo)\nZ\n",
		-1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 () total-vm:9kB", OOM_SHAPE_KILL, 7, "", -1, 9,
		OOM_ADJ_UNKNOWN},
	/* cut off in the middle of anything */
	{"Out of memory: Killed process 7 (a) total-vm:9kB, anon-rss:12", OOM_SHAPE_KILL, 7, "a",
		-1, 9, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7", OOM_SHAPE_KILL, 7, NULL, -1, -1, OOM_ADJ_UNKNOWN},
	{"Out of memory: Killed process 7 (a) total-vm:99999999999999999999kB", OOM_SHAPE_KILL, 7,
		"a", -1, -1, OOM_ADJ_UNKNOWN},
};

Test(klog_shapes, kill_lines_of_all_generations)
{
	for (size_t i = 0; i < sizeof(kills) / sizeof(kills[0]); i++) {
		struct oom_shape shape;

		cr_assert(oom_shape_parse(span(kills[i].text), &shape), "%s", kills[i].text);
		cr_expect_eq(shape.kind, kills[i].kind, "%s: kind %d", kills[i].text, shape.kind);
		cr_expect_eq(shape.task.pid, kills[i].pid, "%s", kills[i].text);
		cr_expect_eq(!shape.comm.at, !kills[i].comm, "%s", kills[i].text);
		if (kills[i].comm)
			cr_expect_str_eq(text_of(shape.comm), kills[i].comm, "%s: '%s'",
				kills[i].text, text_of(shape.comm));
		cr_expect_eq(shape.task.uid, kills[i].uid, "%s: uid", kills[i].text);
		cr_expect_eq(shape.task.oom_score_adj, kills[i].adj, "%s: adj", kills[i].text);
		if (!strstr(kills[i].text, " UB "))
			cr_expect_eq(shape.task.total_vm_kib, kills[i].total_vm, "%s: vm",
				kills[i].text);
	}
}

Test(klog_shapes, headers)
{
	static const struct {
		const char *text, *comm;
		int64_t gfp, order;
	} rows[] = {
		{"oom-killer: gfp_mask=0x1d2", "", 0x1d2, INT64_MIN},
		{"oom-killer: gfp_mask=0xd0, order=0", "", 0xd0, 0},
		{"apache invoked oom-killer: gfp_mask=0x201d2, order=0, oomkilladj=0", "apache",
			0x201d2, 0},
		{"x invoked oom-killer: gfp_mask=0x280da, order=2, oom_adj=0, oom_score_adj=0", "x",
			0x280da, 2},
		{"kworker/0:2 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0",
			"kworker/0:2", 0xcc0, -1},
		{"a b: (c) invoked oom-killer: gfp_mask=0x6202c2(GFP_HIGHUSER|__GFP_NOWARN), "
		 "nodemask=(null), order=1, oom_score_adj=1000",
			"a b: (c)", 0x6202c2, 1},
		{"x invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=0", "x", 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_shape shape;

		cr_assert(oom_shape_parse(span(rows[i].text), &shape), "%s", rows[i].text);
		cr_expect_eq(shape.kind, OOM_SHAPE_HEADER, "%s", rows[i].text);
		cr_expect_str_eq(text_of(shape.comm), rows[i].comm);
		cr_expect_eq(shape.gfp_mask, rows[i].gfp, "%s", rows[i].text);
		cr_expect_eq(shape.order, rows[i].order, "%s", rows[i].text);
	}
}

Test(klog_shapes, the_oom_kill_line)
{
	static const struct {
		const char *text;
		enum oom_constraint constraint;
		const char *oom_memcg, *task_memcg, *comm;
		int64_t pid, uid;
	} rows[] = {
		{"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=sh,pid=7,uid=0",
			OOM_CONSTRAINT_NONE, NULL, NULL, "sh", 7, 0},
		{"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		 "oom_memcg=/a,b,task_memcg=/a,b/c,task=x,pid=9,pid=12,uid=5",
			OOM_CONSTRAINT_MEMCG, "/a,b", "/a,b/c", "x,pid=9", 12, 5},
		{"oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=0,2,cpuset=/,mems_allowed=0-1,4,"
		 "global_oom,task_memcg=/,task=,task=a,pid=12,uid=5",
			OOM_CONSTRAINT_MEMPOLICY, NULL, "/", ",task=a", 12, 5},
		{"oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=c,mems_allowed=4,"
		 "global_oom,task_memcg=/x\\x2dy.service,task=(sd-pam),pid=12,uid=5",
			OOM_CONSTRAINT_CPUSET, NULL, "/x\\x2dy.service", "(sd-pam)", 12, 5},
		{"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		 "oom_memcg=/a,task_memcg=/a/lon",
			OOM_CONSTRAINT_MEMCG, "/a", NULL, NULL, -1, -1},
		{"oom-kill:constraint=CONSTRAINT_SOMETHING_NEW,nodemask=(null),task=sh,pid=7,uid=0",
			OOM_CONSTRAINT_UNKNOWN, NULL, NULL, "sh", 7, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_shape shape;

		cr_assert(oom_shape_parse(span(rows[i].text), &shape), "%s", rows[i].text);
		cr_expect_eq(shape.kind, OOM_SHAPE_OOM_KILL);
		cr_expect_eq(shape.constraint, rows[i].constraint, "%s", rows[i].text);
		cr_expect_str_eq(
			text_of(shape.oom_memcg), rows[i].oom_memcg ? rows[i].oom_memcg : "");
		cr_expect_str_eq(text_of(shape.task_memcg),
			rows[i].task_memcg ? rows[i].task_memcg : "", "%s: %s", rows[i].text,
			text_of(shape.task_memcg));
		cr_expect_str_eq(text_of(shape.comm), rows[i].comm ? rows[i].comm : "");
		cr_expect_eq(shape.task.pid, rows[i].pid);
		cr_expect_eq(shape.task.uid, rows[i].uid);
	}
}

Test(klog_shapes, the_other_lines)
{
	static const struct {
		const char *text;
		enum oom_shape_kind kind;
	} rows[] = {
		{"Task in /a killed as a result of limit of /b", OOM_SHAPE_TASK_IN},
		{"Tasks in /a are going to be killed due to memory.oom.group set", OOM_SHAPE_GROUP},
		{"oom_reaper: reaped process 7 (x), now anon-rss:0kB", OOM_SHAPE_REAPED},
		{"oom_reaper: unable to reap pid:7 (x)", OOM_SHAPE_HARMLESS},
		{"Kernel panic - not syncing: System is deadlocked on memory", OOM_SHAPE_PANIC},
		{"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
			OOM_SHAPE_PANIC},
		{"Kernel panic - not syncing: out of memory. panic_on_oom is selected",
			OOM_SHAPE_PANIC},
		{"Kernel panic - not syncing: softlockup: hung tasks", OOM_SHAPE_NONE},
		{"---[ end Kernel panic - not syncing: System is deadlocked on memory ]---",
			OOM_SHAPE_HARMLESS},
		{"sysrq: Manual OOM execution", OOM_SHAPE_SYSRQ},
		{"Out of memory and no killable processes...", OOM_SHAPE_NO_VICTIM},
		{"CPU: 1 UID: 0 PID: 946 Comm: x y Not tainted 6.14.0 #1", OOM_SHAPE_PIDLINE},
		{"Pid: 1118, comm: stress Not tainted 2.6.38.8 #17", OOM_SHAPE_PIDLINE},
		{"usb 1-1: new high-speed USB device", OOM_SHAPE_NONE},
		{"", OOM_SHAPE_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_shape shape;

		oom_shape_parse(span(rows[i].text), &shape);
		cr_expect_eq(shape.kind, rows[i].kind, "%s: %d", rows[i].text, shape.kind);
	}
}

Test(klog_text, escapes)
{
	static const struct {
		const char *from, *plain, *kmsg;
	} rows[] = {
		{"a\\x0ab", "a\nb", "a\nb"},
		{"x\\x2dy.service", "x\\x2dy.service", "x-y.service"},
		{"#011x#012y#123", "\tx\ny#123", "#011x#012y#123"},
		{"\\x", "\\x", "\\x"},
		{"\\xg0#0", "\\xg0#0", "\\xg0#0"},
		{"\\xc3\\xbc", "\\xc3\\xbc", "\xc3\xbc"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[64];
		size_t n = oom_text_unescape(buf, span(rows[i].from), false);

		cr_expect_str_eq(
			text_of((struct oom_span){buf, n}), rows[i].plain, "%s", rows[i].from);
		n = oom_text_unescape(buf, span(rows[i].from), true);
		cr_expect_str_eq(
			text_of((struct oom_span){buf, n}), rows[i].kmsg, "%s", rows[i].from);
	}
}
