// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/kin.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The runner starts "one" (101) and "other" (102); times in µs. */
enum { ONE = 101, OTHER = 102 };

static struct oom_load_page pages[2];
static struct oom_backend_unit boxes[2] = {
	{.name = "box", .cgroup = "/box"}, {.name = "side", .cgroup = "/side"}};
static struct oom_run_workload workloads[2];
static const struct oom_workload program = {.flags = OOM_WORKLOAD_PROGRAM};
static struct oom_fork forks[16];
static struct oom_lineage lineage;
static struct oom_run_state run;
static struct oom_attempt record;

static void add(uint64_t time_us, int tid, int pid, int parent)
{
	forks[lineage.n_forks++] = (struct oom_fork){time_us, tid, pid, parent};
	oom_lineage_sort(&lineage);
}

static void begin(void)
{
	int runner = (int)getpid();

	lineage = (struct oom_lineage){.open = true, .forks = forks};
	for (int i = 0; i < 2; i++)
		workloads[i] = (struct oom_run_workload){.name = i ? "other" : "one",
			.type = &program,
			.unit = &boxes[i],
			.pid = i ? OTHER : ONE,
			.page = &pages[i],
			.run = &run};
	run = (struct oom_run_state){.lineage = &lineage,
		.workloads = workloads,
		.n_workloads = 2,
		.units = boxes,
		.n_units = 2,
		.record = &record,
		.log_offset_us = 0};
	add(10, ONE, ONE, runner);
	add(11, OTHER, OTHER, runner);
}

static void expect_kin(int pid, uint64_t time_us, enum oom_kinship kinship, const char *workload)
{
	struct oom_kin kin = oom_kin_of(&run, pid, time_us, 0);

	cr_expect_eq(kin.kinship, kinship, "%d at %d", pid, (int)time_us);
	cr_expect(workload ? kin.workload && !strcmp(kin.workload->name, workload) : !kin.workload,
		"%d at %d: %s", pid, (int)time_us, kin.workload ? kin.workload->name : "nobody's");
}

TestSuite(kin, .init = begin);

Test(kin, own_descendants_and_strangers)
{
	add(20, 103, 103, ONE);
	add(21, 104, 104, 103); /* 103 ends: its child is a daemon's, or init's */
	add(22, 105, ONE, ONE); /* a thread of the workload's process */
	add(23, 106, 106, 1);
	expect_kin(ONE, 50, OOM_KINSHIP_OWN, "one");
	expect_kin(OTHER, 50, OOM_KINSHIP_OWN, "other");
	expect_kin(103, 50, OOM_KINSHIP_DESCENDANT, "one");
	expect_kin(104, 50, OOM_KINSHIP_DESCENDANT, "one");
	expect_kin(105, 50, OOM_KINSHIP_OWN, "one");
	expect_kin(106, 50, OOM_KINSHIP_NONE, NULL);
	expect_kin(1, 50, OOM_KINSHIP_NONE, NULL);
	expect_kin(-1, 50, OOM_KINSHIP_UNKNOWN, NULL);
}

Test(kin, the_number_of_a_reaped_workload_is_used_again)
{
	add(20, 103, 103, OTHER);
	add(30, ONE, ONE, 103);
	expect_kin(ONE, 29, OOM_KINSHIP_OWN, "one");
	expect_kin(ONE, 30, OOM_KINSHIP_DESCENDANT, "other");
	/* and again, by a process of its own lineage: still not its own */
	add(40, 104, 104, ONE);
	add(50, OTHER, OTHER, 104);
	expect_kin(OTHER, 60, OOM_KINSHIP_DESCENDANT, "other");
}

Test(kin, a_time_that_is_not_exact)
{
	struct oom_kin kin;

	add(100, 103, 103, ONE);
	kin = oom_kin_of(&run, 103, 90, 50);
	cr_expect_eq(kin.kinship, OOM_KINSHIP_DESCENDANT, "it was forked a little later");
	cr_expect_eq(kin.start_us, 100);
	add(130, 103, 103, OTHER);
	kin = oom_kin_of(&run, 103, 110, 50);
	cr_expect_eq(kin.kinship, OOM_KINSHIP_UNKNOWN, "two had the number within that time");
	kin = oom_kin_of(&run, 103, 131, 50);
	cr_expect_str_eq(kin.workload->name, "other");
}

Test(kin, without_a_lineage_nobody_is_ruled_out)
{
	run.lineage = NULL;
	expect_kin(ONE, 50, OOM_KINSHIP_UNKNOWN, NULL);
	run.lineage = &lineage;
	lineage.lost_us = 60;
	expect_kin(103, 70, OOM_KINSHIP_UNKNOWN, NULL);
	expect_kin(ONE, 70, OOM_KINSHIP_UNKNOWN, NULL);
}

static struct oom_kin victim(int64_t pid, int64_t time_us, const char *task_memcg)
{
	struct oom_kill kill;

	oom_kill_init(&kill);
	kill.victim.pid = pid;
	kill.victim.comm = "sh";
	kill.time_us = time_us;
	kill.task_memcg = task_memcg;
	return oom_kin_of_victim(&run, &kill);
}

Test(kin, a_kill_is_timed_by_the_kernels_own_signal)
{
	add(100, 103, 103, ONE);
	add(200, 103, 103, OTHER);
	/* the log's clock is off by more than there is between the two */
	lineage.signals[lineage.n_signals++] = (struct oom_seen_signal){
		.time_us = 150, .target = 103, .signal = SIGKILL, .code = 128, .look = -1};
	cr_expect_str_eq(victim(103, 260, NULL).workload->name, "one");
	/* that of a process is none */
	lineage.signals[0].code = 0;
	cr_expect_str_eq(victim(103, 260, NULL).workload->name, "other");
}

Test(kin, a_stranger_in_a_workloads_cgroup_is_not_the_workloads)
{
	add(100, 103, 103, 1);
	cr_expect_eq(victim(103, 150, "/box").kinship, OOM_KINSHIP_NONE);
	run.lineage = NULL; /* by the cgroup alone it would be */
	cr_expect_str_eq(victim(103, 150, "/box").workload->name, "one");
}

Test(kin, without_a_lineage_a_reaped_number_is_no_proof)
{
	run.lineage = NULL;
	workloads[0].ended = true;
	workloads[0].end_us = 50;
	cr_expect_eq(victim(ONE, 40, "/side").kinship, OOM_KINSHIP_OWN);
	cr_expect_str_eq(victim(ONE, 60, "/side").workload->name, "other");
	cr_expect_eq(victim(ONE, 60, "/side").kinship, OOM_KINSHIP_DESCENDANT);
}
