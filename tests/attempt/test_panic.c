// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/panic.h"
#include "harness/campaign/schema.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>

#define HEAD                                                                                       \
	"[Machine]\nMemory=256M\n[Workload hog]\nType=anon\nSize=512M\nOOMScoreAdjust=-1000\n"     \
	"[Workload bystander]\nType=idle\nSize=32M\n[Expect]\n"
#define KILL_BY(prio, comm, pid)                                                                   \
	"<" prio ">[   11.958880] Out of memory: Killed process " pid " (" comm                    \
	") total-vm:34040kB, anon-rss:32616kB, file-rss:4kB, shmem-rss:4kB, UID:0 pgtables:100kB " \
	"oom_score_adj:0\r\n"
#define KILLED(comm, pid) KILL_BY("3", comm, pid)
#define BEGIN		  "<14>[    9.000000] oomgate: begin 0123456789abcdef\r\n"
#define PANIC                                                                                      \
	"<0>[   13.988543] Kernel panic - not syncing: System is deadlocked on memory\r\n"         \
	"<4>[   13.988600] CPU: 0 PID: 137 Comm: hog Not tainted 6.1.0 #1\r\n"
#define DROPPED "** 41 printk messages dropped **\r\n"
#define WARNING "<4>[   12.000000] WARNING: CPU: 0 PID: 41 at mm/page_alloc.c:1\r\n"

static const char as_it_was[] = "the guest's kernel panicked";

/* What becomes of a guest's last record, given what its console had to say. */
static const struct {
	const char *expects, *console; /* NULL: no console */
	enum oom_verdict verdict;
	const char *reason; /* begins with it */
} rows[] = {
	{"Panic=yes\nOOMKills=0\n", BEGIN PANIC, OOM_PASS, as_it_was},
	{"Panic=yes\nOOMKills=0\n", BEGIN KILLED("bystander", "138") PANIC, OOM_FAIL,
		"OOMKills: wanted 0"},
	{"Panic=yes\nVictim=bystander\n[Expect bystander]\nKilledBy=kernel-global\nExitCode=137\n",
		BEGIN KILLED("bystander", "138") PANIC, OOM_PASS, as_it_was},
	{"Panic=yes\nFirstVictim=bystander\nOOMKills=2\n",
		BEGIN KILLED("bystander", "138") KILLED("systemd-journal", "122") PANIC, OOM_PASS,
		as_it_was},
	{"Panic=yes\nFirstVictim=bystander\n", BEGIN KILLED("hog", "137") PANIC, OOM_FAIL,
		"FirstVictim: wanted bystander, observed hog"},
	{"Panic=yes\nKernelWarnings=0\nForkRejected=no\n", BEGIN PANIC, OOM_PASS, as_it_was},
	{"Panic=yes\nKernelWarnings=0\n", BEGIN WARNING PANIC, OOM_FAIL,
		"KernelWarnings: wanted 0, observed 1"},
	{"Panic=yes\nForkRejected=no\n",
		BEGIN "<6>[   10.000000] cgroup: fork rejected by pids controller in /a\r\n" PANIC,
		OOM_FAIL, "ForkRejected: wanted no"},
	/* a program's words are not the kernel's, whatever their level, and in whichever line */
	{"Panic=yes\nOOMKills=1\nVictim=hog\n", BEGIN KILL_BY("10", "hog", "500") PANIC, OOM_FAIL,
		"OOMKills: wanted 1, observed 0"},
	{"Panic=yes\nOOMKills=0\nKernelWarnings=0\n",
		BEGIN KILL_BY("11", "hog", "500")
			KILL_BY("14", "hog", "501") "<12>[   12.000000] WARNING: CPU: 0\r\n"
						    "<12>[   12.000000] <3>[   12.000000] " KILL_BY(
							    "3", "hog", "502") PANIC,
		OOM_PASS, as_it_was},
	/* who wrote a line is not told, or the line is not whole; and two that were cut into one */
	{"Panic=yes\nOOMKills=0\n", BEGIN "[   10.000000] something\r\n" PANIC, OOM_INCONCLUSIVE,
		"OOMKills: wanted 0, observed 0..: kmsg lost records (the guest panicked, and 1 lines"},
	{"Panic=yes\nOOMKills=0\n", BEGIN PANIC "<4>[   14.000000] Cal", OOM_INCONCLUSIVE,
		"OOMKills: wanted 0"},
	{"Panic=yes\nOOMKills=0\n", BEGIN "<3>[   10.000000] Out of mem" KILLED("hog", "1") PANIC,
		OOM_INCONCLUSIVE, "OOMKills: wanted 0"},
	{"Panic=yes\nOOMKills=1\n", BEGIN "something\r\n" KILLED("hog", "137") PANIC,
		OOM_INCONCLUSIVE, "OOMKills: wanted 1"},
	/* it shows only a part: from late on, or not to the end */
	{"Panic=yes\nOOMKills=0\n", PANIC, OOM_INCONCLUSIVE,
		"OOMKills: wanted 0, observed 0..: kmsg lost records (the guest panicked before"},
	{"Panic=yes\nOOMKills=0\n", "<6>[    9.000000] oomgate: begin 1\r\n" PANIC,
		OOM_INCONCLUSIVE,
		"OOMKills: wanted 0, observed 0..: kmsg lost records (the guest panicked before"},
	{"Panic=yes\nOOMKills=0\n", BEGIN "<10>[   10.000000] Kernel panic - not syncing: no\r\n",
		OOM_INCONCLUSIVE,
		"OOMKills: wanted 0, observed 0..: kmsg lost records (the guest panicked, but its "
		"console ends"},
	{"Panic=yes\nOOMKills=0\n", "", OOM_INCONCLUSIVE, "OOMKills: wanted 0"},
	{"Panic=yes\nOOMKills=0\n", BEGIN DROPPED PANIC, OOM_INCONCLUSIVE, "OOMKills: wanted 0"},
	{"Panic=yes\nOOMKills=0\n", NULL, OOM_INCONCLUSIVE, "OOMKills: wanted 0"},
	/* nobody asked for it: it stays the failure that it is */
	{"Panic=no\nOOMKills=0\n", BEGIN PANIC, OOM_FAIL, as_it_was},
	{"OOMKills=0\n", BEGIN PANIC, OOM_FAIL, as_it_was},
};

Test(panic, is_judged_by_the_console_where_it_was_asked_for)
{
	char dir[64], path[96], text[1024];

	cr_assert_not_null(scratch_dir(dir));
	snprintf(path, sizeof(path), "%s/console", dir);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *record = oom_attempt_new();
		struct oom_scenario *scenario = NULL;
		struct oom_diags diags = {0};

		snprintf(text, sizeof(text), HEAD "%s", rows[i].expects);
		cr_assert_eq(oom_scenario_parse(oom_schema(), "x", "x.scenario", text, strlen(text),
				     &diags, &scenario),
			0, "row %zu: %s", i, diags.count ? diags.items[0].msg : "");
		unlink(path);
		if (rows[i].console)
			scratch_file(dir, "console", rows[i].console);
		record->verdict = OOM_FAIL;
		record->reason = "the guest's kernel panicked: deadlocked";
		record->panicked = true;
		cr_assert_eq(oom_panic_judge(scenario, path, record), 0);
		cr_expect_eq(record->verdict, rows[i].verdict, "row %zu: %s (%s)", i,
			oom_verdict_name(record->verdict), record->reason);
		cr_expect(!strncmp(record->reason, rows[i].reason, strlen(rows[i].reason)),
			"row %zu: %s", i, record->reason);
		oom_scenario_free(scenario);
		oom_diags_release(&diags);
		oom_attempt_free(record);
	}
	scratch_remove(dir);
}
