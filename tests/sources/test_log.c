// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/process.h"
#include "harness/sources/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define END "oomgate: end 1"

/* A log that gives these records, one a read, as /dev/kmsg does; NULL: the end. */
struct feed {
	int fds[2];
	struct oom_log_kept kept;
	struct oom_log log;
	unsigned told;
};

static void on_tell(void *data, const char *text, uint64_t usec)
{
	struct feed *feed = data;

	(void)text, (void)usec;
	feed->told++;
}

static void feed_open(struct feed *feed, const char *const *records)
{
	*feed = (struct feed){.fds = {-1, -1}};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, feed->fds), 0);
	cr_assert_eq(oom_log_kept_open(&feed->kept), 0);
	feed->log = (struct oom_log){.kmsg.fd = feed->fds[0],
		.kept = &feed->kept,
		.tell = on_tell,
		.data = feed,
		.begun = true,
		.unread = -1};
	for (; *records; records++)
		cr_assert_gt(send(feed->fds[1], *records, strlen(*records), 0), 0);
}

static void feed_close(struct feed *feed)
{
	oom_log_kept_close(&feed->kept);
	close(feed->fds[0]);
	close(feed->fds[1]);
}

/* ---- where a log ends, and what is lost of it ---- */
static const struct {
	const char *const records[8];
	bool begun;
	int refused, unread;
	enum oom_source_state state;
	long long lost;
	unsigned told;
	const char *note; /* a part of it; NULL: there is none */
} ends[] = {
	{{"6,1,10,-;a\n", "14,2,20,-;" END "\n"}, true, 0, -1, OOM_SOURCE_OK, 0, 0, NULL},
	{{"14,2,20,-;" END "\n"}, true, 0, -1, OOM_SOURCE_OK, 0, 0, NULL},
	{{"3,1,10,-;Out of memory: Killed process 7 (x) total-vm:1kB\n",
		 "4,2,11,-;WARNING: CPU: 0 PID: 1 at mm/x.c:1\n", "14,3,20,-;" END "\n"},
		true, 0, -1, OOM_SOURCE_OK, 0, 2, NULL},
	/* who writes like the kernel, or like us */
	{{"11,1,10,-;Out of memory: Killed process 7 (x) total-vm:1kB\n", "14,2,20,-;" END "\n"},
		true, 0, -1, OOM_SOURCE_OK, 0, 0, NULL},
	{{"6,1,10,-;" END "\n", "14,2,20,-;" END "2\n", "14,3,20,-; " END "\n"}, true, 0, -1,
		OOM_SOURCE_LOST, -1, 0, "last record was not read back"},
	/* no marker came, or the first had not */
	{{"6,1,10,-;a\n"}, true, 0, -1, OOM_SOURCE_LOST, -1, 0, "last record was not read back"},
	{{"6,1,10,-;a\n"}, true, 0, 17, OOM_SOURCE_LOST, 17, 0, "17 records were left unread"},
	{{"6,1,10,-;a\n"}, true, EACCES, -1, OOM_SOURCE_LOST, -1, 0,
		"last record could not be written, so nothing proves that the log was read to its "
		"end: Permission denied"},
	{{"14,2,20,-;" END "\n"}, false, 0, -1, OOM_SOURCE_LOST, -1, 0,
		"first record was not read back"},
	/* a gap, before the marker and at it */
	{{"6,1,10,-;a\n", "6,5,10,-;b\n", "14,6,20,-;" END "\n"}, true, 0, -1, OOM_SOURCE_LOST, 3,
		0, "overwrote 3 records"},
	{{"6,1,10,-;a\n", "14,9,20,-;" END "\n"}, true, 0, -1, OOM_SOURCE_LOST, 7, 0,
		"overwrote 7 records"},
	{{"6,1,10,-;a\n", "6,5,10,-;b\n"}, true, 0, -1, OOM_SOURCE_LOST, -1, 0,
		"overwrote 3 records"},
	{{"6,1,10,-;a\n", "6,5,10,-;b\n"}, true, 0, 4, OOM_SOURCE_LOST, 7, 0,
		"overwrote 3 records"},
	/* what is no record */
	{{"6,1,10,-;a\n", "nonsense", "14,2,20,-;" END "\n"}, true, 0, -1, OOM_SOURCE_LOST, -1, 0,
		"cannot be read on: Bad message"},
};

Test(log, is_whole_up_to_its_marker_or_lost)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		enum oom_source_state state;
		char note[200] = "";
		struct feed feed;
		int64_t lost;

		feed_open(&feed, ends[i].records);
		feed.log.begun = ends[i].begun;
		feed.log.refused = ends[i].refused;
		feed.log.unread = ends[i].unread;
		feed.log.ended = oom_log_read_to(&feed.log, END, oom_monotonic_us() + 20000) &&
			ends[i].begun;
		state = oom_log_state(&feed.log, &lost, note, sizeof(note));
		cr_expect_eq(state, ends[i].state, "row %zu: %s", i, note);
		cr_expect_eq(lost, ends[i].lost, "row %zu: %lld", i, (long long)lost);
		cr_expect_eq(feed.told, ends[i].told, "row %zu: %u", i, feed.told);
		cr_expect(ends[i].note ? strstr(note, ends[i].note) != NULL : !*note,
			"row %zu: '%s'", i, note);
		feed_close(&feed);
	}
}

/* A turn is short, whatever comes; the rest is read at the end. */
Test(log, a_turn_has_an_end)
{
	static const char *const records[] = {
		"6,1,10,-;a\n", "6,2,10,-;b\n", "6,3,10,-;c\n", "14,4,20,-;" END "\n", NULL};
	struct feed feed;

	feed_open(&feed, records);
	cr_expect(oom_log_read(&feed.log, 2));
	cr_expect_eq(feed.log.kmsg.records, 2);
	cr_expect(oom_log_read_to(&feed.log, END, oom_monotonic_us() + 1000000));
	cr_expect_eq(feed.log.kmsg.records, 4);
	cr_expect_eq(feed.log.marker.seq, 4);
	cr_expect_not(oom_log_read(&feed.log, 2));
	feed_close(&feed);
}

/* ---- what is kept of a log that is longer than its room ---- */
static uint64_t next_seq;

static bool keep(struct oom_log_kept *kept, unsigned prio, char flag, const char *text)
{
	struct oom_kmsg_head head;
	char record[1200];
	int len;

	next_seq++;
	len = snprintf(record, sizeof(record), "%u,%llu,%llu,%c;%s\n", prio,
		(unsigned long long)next_seq, (unsigned long long)next_seq * 10, flag, text);
	cr_assert(oom_kmsg_head_parse(record, (size_t)len, &head));
	return oom_log_kept_add(kept, record, (size_t)len, &head);
}

static void keep_kill(struct oom_log_kept *kept, int pid)
{
	char text[256];

	keep(kept, 4, '-',
		"hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0");
	keep(kept, 6, '-', "Tasks state (memory values in pages):");
	keep(kept, 6, '-',
		"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name");
	snprintf(text, sizeof(text),
		"[%7d]     0 %5d    90000    50000   131072        0             0 hog", pid, pid);
	keep(kept, 6, '-', text);
	snprintf(text, sizeof(text),
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/"
		"a,task_memcg=/a,task=hog,pid=%d,uid=0",
		pid);
	keep(kept, 6, '-', text);
	snprintf(text, sizeof(text),
		"Memory cgroup out of memory: Killed process %d (hog) total-vm:360000kB, "
		"anon-rss:200000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:128kB "
		"oom_score_adj:0",
		pid);
	keep(kept, 3, '-', text);
}

static void keep_storm(struct oom_log_kept *kept, size_t bytes, const char *text)
{
	for (size_t done = 0; done < bytes; done += strlen(text) + 20)
		keep(kept, 6, '-', text);
}

static struct oom_attempt *told(const struct oom_log_kept *kept)
{
	struct oom_attempt *attempt = oom_attempt_new();

	cr_assert_eq(oom_log_kept_tell(kept, attempt), 0);
	return attempt;
}

Test(log_kept, a_storm_does_not_push_out_what_matters)
{
	struct oom_log_kept kept;
	struct oom_attempt *attempt;

	cr_assert_eq(oom_log_kept_open(&kept), 0);
	keep_kill(&kept, 100);
	keep_storm(&kept, 4 << 20, "nothing to see here, and much of it");
	keep_kill(&kept, 200);
	keep(&kept, 4, '-', "WARNING: CPU: 0 PID: 41 at mm/page_alloc.c:1");
	keep(&kept, 3, '-', "INFO: task hog:7 blocked for more than 120 seconds.");
	keep(&kept, 6, '-', "cgroup: fork rejected by pids controller in /a");
	keep(&kept, 11, '-', "WARNING: by somebody");
	cr_expect(kept.full && kept.left_out > 40000);
	cr_expect_eq(kept.facts_left_out, 0);
	attempt = told(&kept);
	cr_assert_eq(attempt->n_kills, 2);
	cr_expect_eq(attempt->kills[0].victim.pid, 100);
	cr_expect_eq(attempt->kills[1].victim.pid, 200);
	cr_expect_eq(attempt->kills[1].constraint, OOM_CONSTRAINT_MEMCG);
	/* the first has its table; the second's was not kept, which is no empty table */
	cr_expect_eq(attempt->kills[0].n_ranking, 1);
	cr_expect_eq(attempt->kills[1].n_ranking, 0);
	cr_expect_eq(attempt->n_warnings, 2);
	cr_expect(attempt->fork_rejected);
	oom_attempt_free(attempt);
	oom_log_kept_close(&kept);
}

/* A report of which only a part found room would rank wrongly. */
Test(log_kept, half_a_table_is_none)
{
	struct oom_log_kept kept;
	struct oom_attempt *attempt;
	char row[200];

	cr_assert_eq(oom_log_kept_open(&kept), 0);
	keep(&kept, 4, '-',
		"hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0");
	keep(&kept, 6, '-', "Tasks state (memory values in pages):");
	keep(&kept, 6, '-',
		"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name");
	for (int i = 1; i < 20000; i++) {
		snprintf(row, sizeof(row),
			"[%7d]     0 %5d    90000 %8d   131072        0             0 hog", i, i,
			i);
		keep(&kept, 6, '-', row);
	}
	keep(&kept, 3, '-',
		"Out of memory: Killed process 19999 (hog) total-vm:360000kB, anon-rss:200000kB, "
		"file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:128kB oom_score_adj:0");
	attempt = told(&kept);
	cr_assert_eq(attempt->n_kills, 1);
	cr_expect_eq(attempt->kills[0].n_ranking, 0);
	oom_attempt_free(attempt);
	oom_log_kept_close(&kept);
}

/* Kills beyond their own room take that of the rest; beyond all of it they are lost, and counted. */
Test(log_kept, kills_come_first)
{
	struct oom_log_kept kept;
	struct oom_attempt *attempt;

	cr_assert_eq(oom_log_kept_open(&kept), 0);
	keep_storm(&kept, 4 << 20, "nothing to see here, and much of it");
	for (int pid = 1; pid <= 2000; pid++)
		keep_kill(&kept, pid);
	cr_expect(kept.compacted);
	cr_expect_eq(kept.facts_left_out, 0);
	attempt = told(&kept);
	cr_expect_eq(attempt->n_kills, 2000, "%zu", attempt->n_kills);
	oom_attempt_free(attempt);
	for (int pid = 2001; pid <= 8000; pid++)
		keep_kill(&kept, pid);
	cr_expect_gt(kept.facts_left_out, 0);
	oom_log_kept_close(&kept);
}

/* A line of the kernel's that is longer than a record goes on in the next, of another level. */
Test(log_kept, what_continues_a_kill_is_kept_with_it)
{
	struct oom_log_kept kept;

	cr_assert_eq(oom_log_kept_open(&kept), 0);
	keep_storm(&kept, 4 << 20, "nothing to see here, and much of it");
	cr_expect(keep(&kept, 6, '-', "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)"));
	cr_expect(keep(&kept, 4, 'c', ",task=hog,pid=7,uid=0"));
	cr_expect(keep(&kept, 4, 'c', " and more"));
	cr_expect_not(keep(&kept, 4, '-', ",task=hog,pid=8,uid=0"));
	cr_expect_not(keep(&kept, 4, 'c', ",task=hog,pid=9,uid=0"));
	cr_expect(strstr(kept.text, "pid=7,uid=0"));
	cr_expect(strstr(kept.text, "and more"));
	cr_expect_null(strstr(kept.text, "pid=8"));
	cr_expect_null(strstr(kept.text, "pid=9"));
	oom_log_kept_close(&kept);
}

Test(log_kept, warnings)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{"WARNING: CPU: 0 PID: 41 at mm/page_alloc.c:1", true},
		{"BUG: Bad page state in process x  pfn:1", true},
		{"kernel BUG at mm/slub.c:1!", true},
		{"Oops: 0000 [#1] SMP", true},
		{"general protection fault, probably for non-canonical address 1", true},
		{"Unable to handle kernel paging request at virtual address 1", true},
		{"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [x:1]", true},
		{"watchdog: Watchdog detected hard LOCKUP on cpu 0", true},
		{"rcu: INFO: rcu_sched self-detected stall on CPU", true},
		{"INFO: rcu_sched detected stalls on CPUs/tasks:", true},
		{"INFO: task x:1 blocked for more than 120 seconds.", true},
		{"Bad page map in process x  pte:1", true},
		{"Kernel panic - not syncing: x", true},
		{"Out of memory: Killed process 7 (WARNING: x) total-vm:1kB", false},
		{"a WARNING: that is not at the beginning", false},
		{"warning: `x' uses wireless extensions", false},
		{"rcu: \tHierarchical SRCU implementation.", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect_eq(oom_is_warning(cases[i].text), cases[i].is, "%s", cases[i].text);
}
