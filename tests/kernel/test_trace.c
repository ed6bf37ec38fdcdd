// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "lib/kernel/trace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/scratch.h"

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

#define SIGNAL_TAIL " pid=5 grp=1 res=0\n"
#define VICTIM_TAIL                                                                                \
	" total-vm=409600kB anon-rss=1kB file-rss:0kB shmem-rss:0kB uid=0 pgtables=1kB "           \
	"oom_score_adj=0\n"

static const struct {
	const char *text;
	int r;
	enum oom_trace_kind kind;
	long long time_us, task_pid, pid, signal, code;
	const char *task_comm, *comm;
} rows[] = {
	/* 5.10: the pid alone */
	{"             hog-312     [000] ....    12.345678: mark_victim: pid=312\n", 1,
		OOM_TRACE_MARK_VICTIM, 12345678, 312, 312, 0, 0, "hog", NULL},
	{"             hog-312     [001] d..1.    7.000001: mark_victim: pid=99 comm=hog" VICTIM_TAIL,
		1, OOM_TRACE_MARK_VICTIM, 7000001, 312, 99, 0, 0, "hog", "hog"},
	{"           <...>-1       [000] d..2   100.000000: signal_generate: sig=9 errno=0 code=0 "
	 "comm=my-prog x pid=55 grp=1 res=0\n",
		1, OOM_TRACE_SIGNAL, 100000000, 1, 55, 9, 0, "<...>", "my-prog x"},
	{"  kworker/0:1-mm-44      [000] d..2     1.000002: signal_generate: sig=9 errno=0 code=128 "
	 "comm=h" SIGNAL_TAIL,
		1, OOM_TRACE_SIGNAL, 1000002, 44, 5, 9, 128, "kworker/0:1-mm", "h"},
	/* a pid of seven digits, a processor of four, no flags */
	{"             hog-4194303 [1023]  12345.000001: mark_victim: pid=4194303\n", 1,
		OOM_TRACE_MARK_VICTIM, 12345000001, 4194303, 4194303, 0, 0, "hog", NULL},
	{"         oomgate-7       [000] .....     1.500000: tracing_mark_write: oomgate: end 1\n",
		1, OOM_TRACE_MARK, 1500000, 7, -1, 0, 0, "oomgate", "oomgate: end 1"},
	/* names that look like what stands around them */
	{" : mark_victim: -312     [000] d..2     1.000002: signal_generate: sig=9 errno=0 code=128 "
	 "comm=: mark_victim: " SIGNAL_TAIL,
		1, OOM_TRACE_SIGNAL, 1000002, 312, 5, 9, 128, ": mark_victim: ", ": mark_victim: "},
	{"  a\n] 1-2 [003] -312     [000] d..2     1.000002: signal_generate: sig=9 errno=0 code=0 "
	 "comm= pid=9 grp=1 re" SIGNAL_TAIL,
		1, OOM_TRACE_SIGNAL, 1000002, 312, 5, 9, 0, "a\n] 1-2 [003] ", " pid=9 grp=1 re"},
	{"  -1 [0] 1.1: x:-312     [001] d..1.    7.000001: mark_victim: pid=99 comm= total-vm=1kB a" VICTIM_TAIL,
		1, OOM_TRACE_MARK_VICTIM, 7000001, 312, 99, 0, 0,
		"-1 [0] 1.1: x:", " total-vm=1kB a"},
	{"               \n-312     [001] d..1.    7.000001: mark_victim: pid=99 comm=\n\n\n" VICTIM_TAIL,
		1, OOM_TRACE_MARK_VICTIM, 7000001, 312, 99, 0, 0, "\n", "\n\n\n"},
	{"                -312     [001] d..1.    7.000001: mark_victim: pid=99 comm=" VICTIM_TAIL,
		1, OOM_TRACE_MARK_VICTIM, 7000001, 312, 99, 0, 0, "", ""},
	/* comments, and a comment alone */
	{"# tracer: nop\n#\n##### CPU 1 buffer started ####\n"
	 "             hog-312     [000] ....    12.345678: mark_victim: pid=312\n",
		1, OOM_TRACE_MARK_VICTIM, 12345678, 312, 312, 0, 0, "hog", NULL},
	{"# tracer: nop\n", 0, 0, 0, 0, 0, 0, 0, NULL, NULL},
	{"", 0, 0, 0, 0, 0, 0, 0, NULL, NULL},
	/* what was lost, another clock, what is cut off, and nonsense */
	{"CPU:1 [LOST 5 EVENTS]\n", -EBADMSG, 0, 0, 0, 0, 0, 0, NULL, NULL},
	{"             hog-312     [000] ....      12345678: mark_victim: pid=312\n", -EBADMSG, 0,
		0, 0, 0, 0, 0, NULL, NULL},
	{"             hog-312     [000] ....    12.345678: mark_victim: pid=312", -EBADMSG, 0, 0,
		0, 0, 0, 0, NULL, NULL},
	{"             hog-312     [000] ....    12.345678: mark_victim: pid=312 comm=x\n",
		-EBADMSG, 0, 0, 0, 0, 0, 0, NULL, NULL},
	{"               x-1       [000] d..2     1.000000: signal_generate: sig=9\n", -EBADMSG, 0,
		0, 0, 0, 0, 0, NULL, NULL},
	{"               x-1       [000] d..2     1.000000: signal_generate: sig=9 errno=0 code=0 "
	 "comm=longer than any name pid=5 grp=1 res=0\n",
		-EBADMSG, 0, 0, 0, 0, 0, 0, NULL, NULL},
	{"             hog-312     [000] ....    12.345678: \n", -EBADMSG, 0, 0, 0, 0, 0, 0, NULL,
		NULL},
	{"mark_victim: pid=1\n", -EBADMSG, 0, 0, 0, 0, 0, 0, NULL, NULL},
	{"\n", -EBADMSG, 0, 0, 0, 0, 0, 0, NULL, NULL},
};

Test(trace, entries_of_every_kernel_and_of_any_name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_span text = {rows[i].text, strlen(rows[i].text)};
		struct oom_trace_event ev = {0};
		struct oom_arena arena = {0};
		int r = oom_trace_next(&arena, &text, &ev);

		cr_expect_eq(r, rows[i].r, "row %zu: %d", i, r);
		cr_expect_eq(text.len, 0, "row %zu: '%.*s' is left", i, (int)text.len, text.at);
		if (r == 1 && rows[i].r == 1) {
			cr_expect_eq(ev.kind, rows[i].kind, "row %zu", i);
			cr_expect_eq(ev.time_us, rows[i].time_us, "row %zu: %lld", i,
				(long long)ev.time_us);
			cr_expect_eq(ev.task_pid, rows[i].task_pid, "row %zu", i);
			cr_expect_eq(ev.pid, rows[i].pid, "row %zu", i);
			cr_expect_str_eq(
				ev.task_comm, rows[i].task_comm, "row %zu: '%s'", i, ev.task_comm);
			cr_expect(
				rows[i].comm ? ev.comm && !strcmp(ev.comm, rows[i].comm) : !ev.comm,
				"row %zu: '%s'", i, ev.comm ? ev.comm : "");
			cr_expect_eq(ev.signal, rows[i].signal, "row %zu", i);
			cr_expect_eq(ev.code, rows[i].code, "row %zu", i);
		}
		oom_arena_release(&arena);
	}
}

#define STATS(overrun, commit, dropped)                                                              \
	"entries: 2\noverrun: " overrun "\ncommit overrun: " commit                                  \
	"\nbytes: 96\noldest event ts:     1.000000\nnow ts:     2.000000\ndropped events: " dropped \
	"\nread events: 0\n"
#define HOG "             hog-312     [000] ....    12.345678: mark_victim: pid=312\n"
#define END                                                                                        \
	"         oomgate-7       [000] .....    13.500000: tracing_mark_write: oomgate: end 1\n"

/* A whole instance: what it holds, what it lost, and where it ends. */
Test(trace, an_instance_tells_what_it_lost)
{
	static const struct {
		const char *text, *stats; /* NULL: there are none */
		size_t count;
		unsigned long long lost, not_understood;
		bool marked, stats_missing;
	} cases[] = {
		{"# tracer: nop\n" HOG END, STATS("0", "0", "0"), 2, 0, 0, true, false},
		{HOG, STATS("0", "0", "0"), 1, 0, 0, false, false},
		{END HOG, STATS("3", "0", "0"), 2, 3, 0, true, false},
		{HOG END, STATS("0", "2", "0"), 2, 2, 0, true, false},
		{HOG END, STATS("0", "0", "9"), 2, 9, 0, true, false},
		{HOG END, NULL, 2, 0, 0, true, true},
		{HOG "what is this\n" END, STATS("0", "0", "0"), 2, 0, 1, true, false},
		{HOG "CPU:0 [LOST 4 EVENTS]\n\n" END, STATS("0", "0", "0"), 2, 0, 2, true, false},
	};
	char dir[64];

	cr_assert_not_null(scratch_dir(dir));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		oom_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY);
		struct oom_arena arena = {0};
		struct oom_trace trace;

		scratch_file(dir, "trace", cases[i].text);
		mkdirat(fd, "per_cpu", 0700);
		mkdirat(fd, "per_cpu/cpu0", 0700);
		if (cases[i].stats)
			scratch_file(dir, "per_cpu/cpu0/stats", cases[i].stats);
		else
			unlinkat(fd, "per_cpu/cpu0/stats", 0);
		cr_assert_eq(oom_trace_read(fd, &arena, &trace), 0);
		cr_expect_eq(trace.count, cases[i].count, "case %zu: %zu", i, trace.count);
		cr_expect_eq(trace.lost, cases[i].lost, "case %zu", i);
		cr_expect_eq(trace.not_understood, cases[i].not_understood, "case %zu", i);
		cr_expect_eq(trace.stats_missing, cases[i].stats_missing, "case %zu", i);
		cr_expect_eq(oom_trace_find_mark(&trace, "oomgate: end 1") != NULL, cases[i].marked,
			"case %zu", i);
		cr_expect_null(oom_trace_find_mark(&trace, "oomgate: end 2"));
		oom_trace_free(&trace);
		oom_arena_release(&arena);
	}
	scratch_remove(dir);
}

/* What was set when it was opened can be changed by anybody with root. */
Test(trace, an_instance_that_somebody_changed_is_not_armed)
{
	static const struct {
		const char *file, *text;
		bool armed;
	} changes[] = {{NULL, NULL, true}, {"tracing_on", "0\n", false},
		{"events/oom/mark_victim/enable", "0\n", false},
		{"events/oom/mark_victim/enable", "1*\n", true},
		{"events/signal/signal_generate/enable", "0\n", false},
		{"events/signal/signal_generate/filter", "none\n", false},
		{"events/signal/signal_generate/filter",
			"sig==9||sig==15||(sig==17&&code==2)&&pid==1\n", false}};
	static const char *const dirs[] = {"events", "events/oom", "events/oom/mark_victim",
		"events/signal", "events/signal/signal_generate"};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		char dir[64];
		oom_autoclose int fd = -1;

		cr_assert_not_null(scratch_dir(dir));
		fd = open(dir, O_RDONLY | O_DIRECTORY);
		for (size_t k = 0; k < sizeof(dirs) / sizeof(*dirs); k++)
			cr_assert_eq(mkdirat(fd, dirs[k], 0700), 0);
		scratch_file(dir, "tracing_on", "1\n");
		scratch_file(dir, "events/oom/mark_victim/enable", "1\n");
		scratch_file(dir, "events/signal/signal_generate/enable", "1\n");
		scratch_file(dir, "events/signal/signal_generate/filter",
			"sig==9||sig==15||(sig==17&&code==2)\n");
		if (changes[i].file)
			scratch_file(dir, changes[i].file, changes[i].text);
		cr_expect_eq(oom_trace_is_armed(fd), changes[i].armed, "row %zu", i);
		scratch_remove(dir);
	}
}
