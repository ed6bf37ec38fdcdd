// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"
#include "lib/kernel/kmsg.h"
#include "lib/kernel/proc.h"
#include "lib/kernel/trace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

Test(kmsg, heads)
{
	static const struct {
		const char *record;
		bool ok;
		unsigned prio;
		unsigned long long seq, usec;
		char flag;
		const char *text;
	} rows[] = {
		{"6,339,5140900,-;NET: Registered", true, 6, 339, 5140900, '-', "NET: Registered"},
		{"3,7,99,c,caller=T12;x;y", true, 3, 7, 99, 'c', "x;y"},
		{"12,18446744073709551615,0,-;", true, 12, 18446744073709551615ull, 0, '-', ""},
		{"6,339,5140900", false, 0, 0, 0, 0, NULL},
		{"6,339,5140900,-", false, 0, 0, 0, 0, NULL},
		{"6,339,5140900,;t", false, 0, 0, 0, 0, NULL},
		{"x,339,5140900,-;t", false, 0, 0, 0, 0, NULL},
		{" KEY=value", false, 0, 0, 0, 0, NULL},
		/* no number that fits: above all not priority 0, the kernel's */
		{"4294967296,7,99,-;t", false, 0, 0, 0, 0, NULL},
		{"6,18446744073709551616,99,-;t", false, 0, 0, 0, 0, NULL},
		{"6,7,99999999999999999999,-;t", false, 0, 0, 0, 0, NULL},
		{"", false, 0, 0, 0, 0, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_kmsg_head head;
		bool ok = oom_kmsg_head_parse(rows[i].record, strlen(rows[i].record), &head);

		cr_expect_eq(ok, rows[i].ok, "row %zu", i);
		if (!ok || !rows[i].ok)
			continue;
		cr_expect_eq(head.prio, rows[i].prio, "row %zu", i);
		cr_expect_eq(head.seq, rows[i].seq, "row %zu", i);
		cr_expect_eq(head.usec, rows[i].usec, "row %zu", i);
		cr_expect_eq(head.flag, rows[i].flag, "row %zu", i);
		cr_expect_str_eq(rows[i].record + head.text_off, rows[i].text, "row %zu", i);
	}
}

/* A packet socket behaves as /dev/kmsg does: one read, one record. */
Test(kmsg, a_gap_in_the_sequence_is_counted)
{
	char buf[OOM_KMSG_RECORD_BYTES + 1];
	struct oom_kmsg kmsg = {0};
	struct oom_kmsg_head head;
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	kmsg.fd = pair[0];
	cr_assert_eq(oom_kmsg_next(&kmsg, buf, sizeof(buf), &head), 0);
	cr_assert_gt(send(pair[1], "6,10,1,-;a\n", 11, 0), 0);
	cr_assert_gt(send(pair[1], "6,11,2,-;b\n", 11, 0), 0);
	cr_assert_gt(oom_kmsg_next(&kmsg, buf, sizeof(buf), &head), 0);
	cr_assert_gt(oom_kmsg_next(&kmsg, buf, sizeof(buf), &head), 0);
	cr_expect_eq(kmsg.lost, 0);
	cr_assert_gt(send(pair[1], "6,15,3,-;c\n", 11, 0), 0);
	cr_assert_gt(oom_kmsg_next(&kmsg, buf, sizeof(buf), &head), 0);
	cr_expect_eq(kmsg.lost, 3);
	cr_expect_eq(kmsg.records, 3);
	close(pair[1]);
	oom_kmsg_close(&kmsg);
}

Test(cgroup_file, flat_keys_are_whole_words)
{
	static const char text[] = "low 0\ninactive_anon 7\nanon 5\noom_kill 18446744073709551615\n"
				   "broken\nalso broken x\noom 3";
	struct oom_flat flat;

	oom_flat_parse(text, sizeof(text) - 1, &flat);
	cr_expect_eq(oom_flat_get(&flat, "anon"), 5);
	cr_expect_eq(oom_flat_get(&flat, "inactive_anon"), 7);
	cr_expect_eq(oom_flat_get(&flat, "oom"), 3, "a last line without newline counts");
	cr_expect_eq(oom_flat_get(&flat, "oo"), -1);
	cr_expect_eq(oom_flat_get(&flat, "broken"), -1);
	cr_expect_eq(oom_flat_get(&flat, "also"), -1);
	cr_expect_eq(flat.count, 4, "a number out of range is passed over");
}

Test(cgroup_file, more_keys_than_room)
{
	char text[2048] = "";
	struct oom_flat flat;

	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "key%d %d\n", i, i);
	oom_flat_parse(text, strlen(text), &flat);
	cr_expect_eq(flat.count, OOM_FLAT_KEYS);
	cr_expect_eq(oom_flat_get(&flat, "key15"), 15);
	cr_expect_eq(oom_flat_get(&flat, "key16"), -1);
}

Test(cgroup_file, pressure)
{
	static const char both[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\n"
				   "full avg10=0.00 avg60=0.00 avg300=0.00 total=567\n";
	static const char some[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=8\n";
	struct oom_psi psi;

	cr_assert(oom_psi_parse(both, sizeof(both) - 1, &psi));
	cr_expect_eq(psi.some_us, 1234);
	cr_expect_eq(psi.full_us, 567);
	cr_assert(oom_psi_parse(some, sizeof(some) - 1, &psi));
	cr_expect_eq(psi.full_us, 0);
	cr_expect_not(oom_psi_parse("nothing", 7, &psi));
}

Test(cgroup_file, numbers)
{
	static const struct {
		const char *text;
		int r;
		long long value;
	} rows[] = {
		{"4096\n", 0, 4096},
		{"max\n", 0, INT64_MAX},
		{"0", 0, 0},
		{"\n", -74, 0},
		{"12abc\n", -74, 0},
		{"99999999999999999999\n", -74, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char name[] = "/tmp/oomgate-test-XXXXXX";
		oom_autoclose int fd = mkstemp(name);
		int64_t value = 0;

		unlink(name);
		cr_assert_eq(write(fd, rows[i].text, strlen(rows[i].text)),
			(ssize_t)strlen(rows[i].text));
		cr_expect_eq(oom_cgroup_read_number(fd, &value), rows[i].r, "row %zu", i);
		cr_expect_eq(value, rows[i].value, "row %zu", i);
	}
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/42/%s", dir, name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

/* Where a process is, as /proc/PID/stack says it; a line that is none ends it, and so does the room. */
static void expect_where(
	const char *dir, int root, const char *stack, size_t size, const char *want)
{
	char where[64];

	put(dir, "stack", stack);
	cr_expect_eq(oom_proc_where(root, 42, where, size), 0);
	cr_expect_str_eq(where, want);
}

Test(proc, a_name_with_parentheses_does_not_shift_the_fields)
{
	static const char stack[] = "[<0>] shrink_node+0xa09/0xc80\n[<0>] kswapd+0x1f1/0x380\n";
	char dir[] = "/tmp/oomgate-test-XXXXXX", where[64];
	oom_autoclose int root = -1;

	cr_assert_not_null(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(mkdirat(root, "proc", 0700), 0);
	cr_assert_eq(mkdirat(root, "proc/42", 0700), 0);
	put(dir, "stat",
		"42 (foo)\nZ (x) S 9) Z 1 40 41 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 777 1 2\n");
	cr_expect_eq(oom_proc_session(root, 42), 41);
	cr_expect_eq(oom_proc_parent(root, 42), 1);
	cr_expect_eq(oom_proc_parent(root, 43), -1);
	cr_expect_eq(oom_proc_session(root, 43), -1);
	cr_expect_eq(oom_proc_where(root, 43, where, sizeof(where)), -ESRCH);
	cr_expect_eq(oom_proc_where(root, 42, where, sizeof(where)), 0);
	cr_expect_str_eq(where, "Z");
	expect_where(dir, root, stack, sizeof(where), "Z in shrink_node < kswapd");
	expect_where(dir, root, stack, 20, "Z in shrink_node");
	expect_where(dir, root, "", sizeof(where), "Z");
	expect_where(dir, root, "[<0>] 0xffffffff\nkswapd+0x1f1/0x380\n", sizeof(where), "Z");
	unlinkat(root, "proc/42/stat", 0);
	unlinkat(root, "proc/42/stack", 0);
	unlinkat(root, "proc/42", AT_REMOVEDIR);
	unlinkat(root, "proc", AT_REMOVEDIR);
	rmdir(dir);
}

/* mm/oom_kill.c: SIGKILL, then the mark; who is dying anyway is marked alone. */
Test(trace, a_mark_without_the_kernels_sigkill_is_no_kill)
{
	static const struct oom_trace_event events[] = {
		{.kind = OOM_TRACE_MARK_VICTIM, .pid = 7},
		{.kind = OOM_TRACE_SIGNAL, .pid = 7, .signal = 9, .code = 0},
		{.kind = OOM_TRACE_SIGNAL, .pid = 7, .signal = 17, .code = OOM_TRACE_BY_KERNEL},
		{.kind = OOM_TRACE_SIGNAL, .pid = 8, .signal = 9, .code = OOM_TRACE_BY_KERNEL},
		{.kind = OOM_TRACE_MARK_VICTIM, .pid = 7},
		{.kind = OOM_TRACE_MARK_VICTIM, .pid = 8},
		{.kind = OOM_TRACE_SIGNAL, .pid = 7, .signal = 9, .code = OOM_TRACE_BY_KERNEL},
	};

	cr_expect_not(oom_trace_is_kill(events, 0));
	cr_expect_not(oom_trace_is_kill(events, 4));
	cr_expect(oom_trace_is_kill(events, 5));
}

Test(trace, lines_of_every_kernel)
{
	static const struct {
		const char *line;
		bool ok;
		enum oom_trace_kind kind;
		long long time_us, task_pid, pid, signal, code;
		const char *task_comm, *comm;
	} rows[] = {
		/* 5.10: the pid alone */
		{"             hog-312     [000] ....    12.345678: mark_victim: pid=312", true,
			OOM_TRACE_MARK_VICTIM, 12345678, 312, 312, 0, 0, "hog", NULL},
		{"             hog-312     [001] d..1.    7.000001: mark_victim: pid=99 comm=a b pid=1 "
		 "total-vm=409600kB anon-rss=1kB file-rss:0kB shmem-rss:0kB uid=0 pgtables=1kB "
		 "oom_score_adj=0",
			true, OOM_TRACE_MARK_VICTIM, 7000001, 312, 99, 0, 0, "hog", "a b pid=1"},
		{"          <...>-1       [000] d..2   100.000000: signal_generate: sig=9 errno=0 code=0 "
		 "comm=my-prog x pid=55 grp=1 res=0",
			true, OOM_TRACE_SIGNAL, 100000000, 1, 55, 9, 0, "<...>", "my-prog x"},
		{"  kworker/0:1-mm-44 [000] d..2   1.000002: signal_generate: sig=9 errno=0 code=128 "
		 "comm=h pid=5 grp=1 res=0",
			true, OOM_TRACE_SIGNAL, 1000002, 44, 5, 9, 128, "kworker/0:1-mm", "h"},
		{"# tracer: nop", false, 0, 0, 0, 0, 0, 0, NULL, NULL},
		{"  x-1 [000] d..2 1.0: sched_switch: prev_comm=x", false, 0, 0, 0, 0, 0, 0, NULL,
			NULL},
		{"  x-1 [000] d..2 1.0: signal_generate: sig=9", false, 0, 0, 0, 0, 0, 0, NULL,
			NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_arena arena = {0};
		struct oom_trace_event ev;
		bool ok = oom_trace_parse(&arena, rows[i].line, strlen(rows[i].line), &ev);

		cr_expect_eq(ok, rows[i].ok, "row %zu", i);
		if (ok && rows[i].ok) {
			cr_expect_eq(ev.kind, rows[i].kind, "row %zu", i);
			cr_expect_eq(ev.time_us, rows[i].time_us, "row %zu: %lld", i,
				(long long)ev.time_us);
			cr_expect_eq(ev.task_pid, rows[i].task_pid, "row %zu", i);
			cr_expect_eq(ev.pid, rows[i].pid, "row %zu", i);
			cr_expect_str_eq(
				ev.task_comm, rows[i].task_comm, "row %zu: '%s'", i, ev.task_comm);
			cr_expect(
				rows[i].comm ? ev.comm && !strcmp(ev.comm, rows[i].comm) : !ev.comm,
				"row %zu", i);
			if (ev.kind == OOM_TRACE_SIGNAL) {
				cr_expect_eq(ev.signal, rows[i].signal, "row %zu", i);
				cr_expect_eq(ev.code, rows[i].code, "row %zu", i);
			}
		}
		oom_arena_release(&arena);
	}
}
