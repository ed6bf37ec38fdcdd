// SPDX-License-Identifier: LGPL-2.1-or-later
/* Logs that are out to hurt: no end, no memory, no text. */
#include "lib/base/arena.h"
#include "lib/klog/klog.h"
#include "lib/klog/kmsg.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define KILL_LINE                                                                                  \
	"[  2.000000] Out of memory: Killed process 5 (a) total-vm:5000kB, anon-rss:4000kB, "      \
	"file-rss:20kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n"

/* A source that makes its text up: a head, a filler repeated, a tail. */
struct made_up {
	const char *head, *filler, *tail;
	size_t head_len, filler_len, fillers, tail_len;
	size_t at;
};

static ssize_t read_made_up(void *context, char *buf, size_t size)
{
	struct made_up *m = context;
	size_t total = m->head_len + m->filler_len * m->fillers + m->tail_len, n = 0;

	while (n < size && m->at < total) {
		size_t left = size - n, take, offset;
		const char *from;

		if (m->at < m->head_len) {
			from = m->head + m->at;
			take = m->head_len - m->at;
		} else if (m->at < m->head_len + m->filler_len * m->fillers) {
			offset = (m->at - m->head_len) % m->filler_len;
			from = m->filler + offset;
			take = m->filler_len - offset;
		} else {
			offset = m->at - m->head_len - m->filler_len * m->fillers;
			from = m->tail + offset;
			take = m->tail_len - offset;
		}
		if (take > left)
			take = left;
		memcpy(buf + n, from, take);
		n += take;
		m->at += take;
	}
	return (ssize_t)n;
}

static int64_t count_kills(struct made_up *m, struct oom_klog_counts *ret_counts)
{
	const struct oom_incident *incident;
	struct oom_klog *log;
	int64_t kills = 0;
	int rc;

	m->head_len = m->head ? strlen(m->head) : 0;
	m->tail_len = m->tail ? strlen(m->tail) : 0;
	cr_assert_eq(oom_klog_new(read_made_up, m, 0, &log), 0);
	while ((rc = oom_klog_next(log, &incident)) > 0)
		kills += rc == OOM_EVENT_KILL;
	cr_expect_eq(rc, 0);
	*ret_counts = *oom_klog_counts(log);
	oom_klog_free(log);
	return kills;
}

static long peak_rss_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

Test(klog_hostile, a_line_of_a_gigabyte)
{
	static char filler[65536];
	struct made_up m = {.filler = filler,
		.filler_len = sizeof(filler),
		.fillers = 16384,
		.head = KILL_LINE "x ",
		.tail = "\n[  900.000000] Out of memory: Killed process 6 (b)\n"};
	struct oom_klog_counts counts;
	long before = peak_rss_kib();

	memset(filler, 'k', sizeof(filler));
	memcpy(filler + 100, "Killed process 9 (x) kill panic OOM", 35);
	cr_expect_eq(count_kills(&m, &counts), 2);
	cr_expect_eq(counts.cut_lines, 1);
	cr_expect_eq(counts.lines, 3);
	cr_expect_lt(peak_rss_kib() - before, 4096, "%ld KiB more", peak_rss_kib() - before);
}

Test(klog_hostile, a_table_of_a_million_tasks)
{
	static const char row[] =
		"[  1.000000] [  12345]     0 12345     1000      300    36864        0             0 x y\n";
	struct made_up m = {
		.head = "[  1.000000] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
			"oom_score_adj=0\n"
			"[  1.000000] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents "
			"oom_score_adj name\n",
		.filler = row,
		.filler_len = sizeof(row) - 1,
		.fillers = 1000000,
		.tail = KILL_LINE};
	struct oom_klog_counts counts;
	long before = peak_rss_kib();

	cr_expect_eq(count_kills(&m, &counts), 1);
	cr_expect_lt(peak_rss_kib() - before, 12 * 1024, "%ld KiB more", peak_rss_kib() - before);
}

Test(klog_hostile, a_storm_without_victims)
{
	static const char report[] =
		"[  1.000000] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
		"[  1.000000] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj "
		"name\n"
		"[  1.000000] [  12345]     0 12345     1000      300    36864        0         -1000 x\n"
		"[  1.000000] Out of memory and no killable processes...\n";
	struct made_up m = {.filler = report, .filler_len = sizeof(report) - 1, .fillers = 100000};
	struct oom_klog_counts counts;

	cr_expect_eq(count_kills(&m, &counts), 0);
}

Test(klog_hostile, bytes_that_are_no_text)
{
	static unsigned char filler[4096 + 7];
	struct made_up m = {.filler = (char *)filler,
		.filler_len = sizeof(filler),
		.fillers = 256,
		.tail = "\n" KILL_LINE};
	struct oom_klog_counts counts;
	uint32_t x = 12345;

	for (size_t i = 0; i < sizeof(filler); i++) {
		x = x * 1664525 + 1013904223;
		filler[i] = (unsigned char)(x >> 24);
	}
	cr_expect_eq(count_kills(&m, &counts), 1);
}

Test(klog_hostile, every_prefix_of_a_log)
{
	static const char log[] =
		"3,1,5,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/m,task_memcg=/m/t,task=b,pid=6,uid=3\n"
		"{\"MESSAGE\":\"Out of memory: Killed process 5 (a\\u00e4\\n) total-vm:1kB\","
		"\"_TRANSPORT\":\"kernel\"}\n" KILL_LINE
		"MESSAGE=Killed process 5 (a)\n_TRANSPORT=kernel\n\n"
		"[  1.000000] Task in /a killed as a result of limit of /b\n"
		"[  pid  ]   uid  tgid total_vm name\n[ 1] 2 3 4 x\n";

	for (size_t len = 0; len < sizeof(log); len++) {
		struct made_up m = {.filler = log, .filler_len = len, .fillers = len != 0};
		struct oom_klog_counts counts;

		/* exactly as much memory as there is text, so that a sanitizer sees a step too far */
		count_kills(&m, &counts);
	}
}

static ssize_t read_error(void *context, char *buf, size_t size)
{
	int *left = context;

	(void)size;
	if (!(*left)--)
		return -EIO;
	memcpy(buf, KILL_LINE, sizeof(KILL_LINE) - 1);
	return sizeof(KILL_LINE) - 1;
}

Test(klog_hostile, an_error_comes_after_what_was_read)
{
	const struct oom_incident *incident;
	struct oom_klog *log;
	int left = 1;

	cr_assert_eq(oom_klog_new(read_error, &left, 0, &log), 0);
	cr_expect_eq(oom_klog_next(log, &incident), OOM_EVENT_KILL);
	cr_expect_eq(oom_klog_next(log, &incident), -EIO);
	cr_expect_eq(oom_klog_next(log, &incident), -EIO, "and stays");
	oom_klog_free(log);
}

#ifndef __SANITIZE_ADDRESS__
/* The next allocation that fails, counted down; negative: none. */
static long fail_at = -1;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *ptr, size_t size);

static bool fails(void)
{
	return fail_at >= 0 && !fail_at--;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __libc_realloc(ptr, size);
}

/* SQLite's way: the first allocation fails, then the second, … until none does. */
Test(klog_hostile, no_memory)
{
	static const char row[] =
		"[  12345]     0 12345     1000      300    36864        0             0 name\n";
	static char text[64 * 1024];
	size_t len = 0;
	long n;

	len += (size_t)snprintf(text, sizeof(text),
		"x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
		"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n");
	for (int i = 0; i < 600; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", row);
	snprintf(text + len, sizeof(text) - len, "%s",
		"Out of memory: Killed process 12345 (name) total-vm:4000kB, anon-rss:4000kB, "
		"file-rss:20kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n"
		"sending SIGKILL to process 99 \"tail\": badness 812\n");
	for (n = 0; n < 10000; n++) {
		struct oom_arena arena = {0};
		struct oom_kill *kills = NULL;
		size_t count = 77;
		bool untouched;
		int rc;

		fail_at = n;
		rc = oom_kills_from_kmsg(&arena, text, strlen(text), &kills, &count);
		untouched = fail_at >= 0;
		fail_at = -1;
		/* qsort(3) sorts in place when it gets no memory: the answer must be whole all the same */
		cr_assert(rc == -ENOMEM ||
				(!rc && kills[0].n_tasks == 600 && kills[0].n_ranking == 600 &&
					kills[0].explanation),
			"allocation %ld: %d", n, rc);
		cr_assert_eq(count, rc ? 77 : 2, "allocation %ld", n);
		oom_arena_release(&arena);
		if (untouched)
			break;
	}
	cr_expect(n > 10 && n < 10000, "%ld allocations", n);
}
#endif

/* Behind lines that are leapt over, an entry is found by its message: what it says of its writer may stand
 * further before than is gone back, and is no kernel's for that. */
Test(klog_hostile, an_entry_whose_beginning_is_out_of_reach)
{
	static const char line[] = "nothing that matters\n", end[] = "\n_PID=3\n\n";
	static const char head[] = "__CURSOR=s\n_TRANSPORT=journal\nSYSLOG_IDENTIFIER=mon\nLONG=";
	static const char message[] = "\nMESSAGE=Out of memory: Killed process 41 (hog) ";
	static const size_t lens[] = {0, 3000, 9000, 15000, 17000, 30000, 60000};

	for (size_t before = 0; before < sizeof(lens) / sizeof(lens[0]); before++) {
		for (size_t behind = 0; behind < sizeof(lens) / sizeof(lens[0]); behind++) {
			char *filler =
				     malloc(sizeof(head) + sizeof(message) + sizeof(end) + 120000),
			     *to = filler;
			struct made_up m = {
				.filler = line, .filler_len = sizeof(line) - 1, .fillers = 50000};
			struct oom_klog_counts counts;

			to = mempcpy(to, head, sizeof(head) - 1);
			to = (char *)memset(to, 'x', lens[before]) + lens[before];
			to = mempcpy(to, message, sizeof(message) - 1);
			to = (char *)memset(to, 'y', lens[behind]) + lens[behind];
			memcpy(to, end, sizeof(end));
			m.tail = filler;
			cr_expect_eq(count_kills(&m, &counts), 0, "%zu before, %zu behind",
				lens[before], lens[behind]);
			free(filler);
		}
	}
}

/* Anybody names the fields of an entry and chooses their bytes: none ends it before its writer was told. */
Test(klog_hostile, no_field_ends_its_entry)
{
#define MESSAGE "MESSAGE=Out of memory: Killed process 41 (hog) total-vm:1kB, anon-rss:1kB\n"
/* among entries, none is leapt over */
#define READ_ON "__CURSOR=s\n_TRANSPORT=kernel\nMESSAGE=Out of memory, or not\n\n"
#define ROW(what, text)                                                                            \
	{                                                                                          \
		what, text, sizeof(text) - 1                                                       \
	}
	static const struct {
		const char *what, *text;
		size_t len;
	} rows[] = {
		ROW("a short name behind the message",
			"__CURSOR=s\n" MESSAGE "X=1\n_TRANSPORT=journal\n\n"),
		ROW("a short name before it", "__CURSOR=s\n_TRANSPORT=journal\nX=1\n" MESSAGE "\n"),
		ROW("two letters", "__CURSOR=s\n" MESSAGE "X1=1\n_TRANSPORT=journal\n\n"),
		ROW("bytes behind the message",
			"__CURSOR=s\n" MESSAGE
			"XYZ\n\4\0\0\0\0\0\0\0a\n\nb\n_TRANSPORT=journal\n\n"),
		ROW("bytes before it",
			"__CURSOR=s\n_TRANSPORT=journal\nX\n\4\0\0\0\0\0\0\0a\n\nb\n" MESSAGE "\n"),
		ROW("bytes that look like fields",
			"__CURSOR=s\n_TRANSPORT=journal\nXYZ\n"
			"\22\0\0\0\0\0\0\0_TRANSPORT=kernel\n\n" MESSAGE "\n"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made_up m = {.head = READ_ON,
			.filler = rows[i].text,
			.filler_len = rows[i].len,
			.fillers = 3};
		struct oom_klog_counts counts;

		cr_expect_eq(count_kills(&m, &counts), 0, "%s", rows[i].what);
		m = (struct made_up){.head = READ_ON,
			.filler = rows[i].text,
			.filler_len = rows[i].len,
			.fillers = 3,
			.tail = "__CURSOR=s\n_TRANSPORT=kernel\n" MESSAGE "\n"};
		cr_expect_eq(count_kills(&m, &counts), 1, "%s, and the kernel's", rows[i].what);
	}
}
