// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/stack.h"

#include "lib/klog/klog.h"
#include "tests/support/text_source.h"

#include <criterion/criterion.h>
#include <string.h>

Test(klog_stack, frames_of_all_machines)
{
	static const struct {
		const char *line, *frame; /* NULL: none */
	} rows[] = {
		{" dump_stack_lvl+0x5d/0x80", "dump_stack_lvl+0x5d/0x80"},
		{"dump_stack+0x41/0x60", "dump_stack+0x41/0x60"},
		{"\toom_kill_process.cold.33+0xb/0x10", "oom_kill_process.cold.33+0xb/0x10"},
		{" ext4_filemap_fault+0x2c/0x40 [ext4]", "ext4_filemap_fault+0x2c/0x40 [ext4]"},
		{" xfs_read+0x2c/0x40 [xfs 1a2b3c]", "xfs_read+0x2c/0x40 [xfs 1a2b3c]"},
		{" [<ffffffff8111d172>] out_of_memory+0xb2/0x2e0", "out_of_memory+0xb2/0x2e0"},
		{"[<c0105650>] show_trace+0x12/0x15", "show_trace+0x12/0x15"},
		{"[c0000000fd80] [c0000000001fd9b8] dump_header+0xe4/0x11c",
			"dump_header+0xe4/0x11c"},
		{"[<c010f0e0>] (unwind_backtrace) from [<c010b8d4>] (show_stack+0x10/0x14)",
			"show_stack+0x10/0x14"},
		{" unwind_backtrace from show_stack+0x10/0x14", "show_stack+0x10/0x14"},
		{" page taken from show_stack+0x10/0x14", NULL},
		{"(show_stack+0x10/0x14)", "show_stack+0x10/0x14"},
		{" ? xas_load+0x8/0x80", NULL},
		{" [<ffffffff8111d172>] ? dump_header+0x82/0x1d0", NULL},
		{"[c0000000fd80] [c0000000001fd9b8] dump_stack+0xe4/0x11c (unreliable)", NULL},
		{"RIP: 0010:oom_kill_process+0x10/0x20", NULL},
		{"pc : do_raw_spin_lock+0x10/0x20", NULL},
		{" dump_stack+0x41/0x", NULL},
		{" dump_stack+0x41", NULL},
		{" dump_stack+0x/0x60", NULL},
		{" +0x41/0x60", NULL},
		{" dump stack+0x41/0x60", NULL},
		{"[<ffffffff8111d172", NULL},
		{"(", NULL},
		{"? ? ?", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_span frame = {0};
		bool known = oom_klog_stack_frame(
			(struct oom_span){rows[i].line, strlen(rows[i].line)}, &frame);

		cr_assert_eq(known, rows[i].frame != NULL, "'%s'", rows[i].line);
		if (known)
			cr_expect(oom_span_is(frame,
					  (struct oom_span){rows[i].frame, strlen(rows[i].frame)}),
				"'%s': '%.*s'", rows[i].line, (int)frame.len, frame.at);
	}
}

/* The stack of the first kill of @text, its frames with blanks between them. */
static void expect_stack(const char *text, unsigned flags, const char *want)
{
	struct text_source source = {text, strlen(text)};
	const struct oom_incident *incident;
	char got[4096] = "";
	struct oom_klog *log;

	cr_assert_eq(oom_klog_new(read_text, &source, flags, &log), 0);
	cr_assert_eq(oom_klog_next(log, &incident), OOM_EVENT_KILL, "%s", text);
	for (size_t i = 0; i < incident->n_stack; i++) {
		strcat(got, incident->stack[i]);
		strcat(got, " ");
	}
	cr_expect_str_eq(got, want);
	oom_klog_free(log);
}

#define HEADER "x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
#define KILL                                                                                       \
	"Memory cgroup out of memory: Killed process 5 (a) total-vm:8kB, anon-rss:4kB, file-rss:0kB\n"
#define TABLE "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"

Test(klog_stack, is_the_invokers)
{
	char many[8192] = HEADER, want[4096] = "";

	expect_stack(HEADER
		"Call Trace:\n <TASK>\n a+0x1/0x2\n ? b+0x1/0x2\n c+0x1/0x2 [m]\n </TASK>\n" KILL,
		0, "a+0x1/0x2 c+0x1/0x2 [m] ");
	expect_stack(" a+0x1/0x2\n" KILL, 0, "");
	expect_stack(HEADER " a+0x1/0x2\n" TABLE
			    "[      5]     0     5     2   1   4096   0   0 b+0x1/0x2\n" KILL,
		0, "a+0x1/0x2 ");
	expect_stack(HEADER " a+0x1/0x2\n" KILL, OOM_KLOG_BRIEF, "");
	for (int i = 0; i < OOM_STACK_FRAMES + 8; i++)
		strcat(many, " f+0x1/0x2\n");
	strcat(many, KILL);
	for (int i = 0; i < OOM_STACK_FRAMES; i++)
		strcat(want, "f+0x1/0x2 ");
	expect_stack(many, 0, want);
}
