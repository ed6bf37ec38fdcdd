// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/panic.h"
#include "harness/campaign/schema.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>

#define HEAD                                                                                       \
	"[Machine]\nMemory=256M\n[Workload hog]\nType=anon\nSize=512M\nOOMScoreAdjust=-1000\n"     \
	"[Workload bystander]\nType=idle\nSize=32M\n[Expect]\n"
#define KILLED(comm, pid)                                                                          \
	"[   11.958880] Out of memory: Killed process " pid " (" comm ") total-vm:34040kB, "       \
	"anon-rss:32616kB, file-rss:4kB, shmem-rss:4kB, UID:0 pgtables:100kB oom_score_adj:0\n"
#define PANIC	"[   13.988543] Kernel panic - not syncing: System is deadlocked on memory\n"
#define DROPPED "[   12.000000] ** 41 printk messages dropped **\n"

static const char as_it_was[] = "the guest's kernel panicked";

/* What becomes of a guest's last record, given what its console had to say. */
static const struct {
	const char *expects, *console; /* NULL: no console */
	enum oom_verdict verdict;
	const char *reason; /* begins with it */
} rows[] = {
	{"Panic=yes\nOOMKills=0\n", PANIC, OOM_PASS, as_it_was},
	{"Panic=yes\nOOMKills=0\n", KILLED("bystander", "138") PANIC, OOM_FAIL,
		"OOMKills: wanted 0"},
	{"Panic=yes\nVictim=bystander\n[Expect bystander]\nKilledBy=kernel-global\nExitCode=137\n",
		KILLED("bystander", "138") PANIC, OOM_PASS, as_it_was},
	{"Panic=yes\nFirstVictim=bystander\nOOMKills=2\n",
		KILLED("bystander", "138") KILLED("systemd-journal", "122") PANIC, OOM_PASS,
		as_it_was},
	{"Panic=yes\nFirstVictim=bystander\n", KILLED("hog", "137") PANIC, OOM_FAIL,
		"FirstVictim: wanted bystander, observed hog"},
	{"Panic=yes\nOOMKills=0\n", DROPPED PANIC, OOM_INCONCLUSIVE, "OOMKills: wanted 0"},
	{"Panic=yes\nOOMKills=0\n", NULL, OOM_INCONCLUSIVE, "OOMKills: wanted 0"},
	/* nobody asked for it: it stays the failure that it is */
	{"Panic=no\nOOMKills=0\n", PANIC, OOM_FAIL, as_it_was},
	{"OOMKills=0\n", PANIC, OOM_FAIL, as_it_was},
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
