// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"
#include "lib/kernel/kmsg.h"
#include "lib/kernel/proc.h"

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

Test(vmstat, one_counter_of_many)
{
	static const struct {
		const char *text;
		int r;
		long long value;
	} rows[] = {
		{"nr_free_pages 1\noom_kill 3\nnuma_hit 7\n", 0, 3},
		{"oom_kill 0\n", 0, 0},
		{"noom_kill 3\noom_kill_x 4\noom_kill 5\n", 0, 5},
		{"nr_free_pages 1\n", -ENODATA, -7},
		{"", -ENODATA, -7},
		{"oom_kill 3", -ENODATA, -7}, /* cut */
		{"oom_kill -3\n", -EBADMSG, -7},
		{"oom_kill 3x\n", -EBADMSG, -7},
	};
	char dir[] = "/tmp/oomgate-test.XXXXXX";
	int root;

	cr_assert_not_null(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(mkdirat(root, "proc", 0700), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd = openat(root, "proc/vmstat", O_WRONLY | O_CREAT | O_TRUNC, 0600), held;
		int64_t value = -7;

		cr_assert_eq(write(fd, rows[i].text, strlen(rows[i].text)),
			(ssize_t)strlen(rows[i].text));
		close(fd);
		held = oom_proc_vmstat_open(root);
		/* what bears its name later does not count; and it is read from its begin each time */
		unlinkat(root, "proc/vmstat", 0);
		for (int again = 0; again < 2; again++) {
			cr_expect_eq(
				oom_proc_vmstat(held, "oom_kill", &value), rows[i].r, "row %zu", i);
			cr_expect_eq(value, rows[i].value, "row %zu: %lld", i, (long long)value);
		}
		close(held);
	}
	cr_expect_eq(oom_proc_vmstat_open(root), -ENOENT);
	cr_expect_eq(oom_proc_vmstat(-1, "oom_kill", &(int64_t){0}), -EBADF);
	unlinkat(root, "proc", AT_REMOVEDIR);
	close(root);
	rmdir(dir);
}
