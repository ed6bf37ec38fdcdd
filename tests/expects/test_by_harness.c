// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whom the harness ended at the deadline: its own SIGKILL is evidence of nothing. */
#include "harness/expects/expect.h"
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <string.h>

/* "hog" was alive when the harness ended it: with another one that was stuck, or as that one. */
static void bystander(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = oom_attempt_workload(attempt, "hog");

	hog->ended_by_harness = true;
	hog->end = OOM_END_SURVIVED;
	hog->killed_by = OOM_KILLER_NOBODY;
	hog->kills = 0;
	hog->exit_code = hog->signal = -1;
	judge_without_kills(attempt);
}

static void stuck(struct oom_attempt *attempt)
{
	bystander(attempt);
	oom_attempt_workload(attempt, "hog")->end = OOM_END_STUCK;
}

/* The kernel took a child of it before. */
static void child_killed(struct oom_attempt *attempt)
{
	struct oom_workload_rec *hog = oom_attempt_workload(attempt, "hog");

	bystander(attempt);
	hog->killed_by = hog->descendants_killer = OOM_KILLER_KERNEL_MEMCG;
	hog->own_killer = OOM_KILLER_NOBODY;
	hog->kills = hog->descendants_killed = 1;
	judge_add_kill(attempt, "hog", 50)->kin = OOM_KIN_DESCENDANT;
}

static const struct {
	void (*change)(struct oom_attempt *attempt);
	const char *key, *wanted;
	enum oom_verdict verdict; /* of the expectation */
	enum oom_verdict attempt;
} rows[] = {
	/* the moment before counts */
	{bystander, "Survives", "yes", OOM_PASS, OOM_PASS},
	{bystander, "Survives", "no", OOM_FAIL, OOM_FAIL},
	{bystander, "Reached", "199M", OOM_PASS, OOM_PASS},
	{bystander, "Reached", "200M..", OOM_FAIL, OOM_FAIL},
	{bystander, "Started", "yes", OOM_PASS, OOM_PASS},
	/* how it would have ended nobody knows */
	{bystander, "ExitCode", "137", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{bystander, "ExitCode", "0", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{bystander, "Signal", "SIGKILL", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{bystander, "Signal", "none", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{bystander, "KilledBy", "signal", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{bystander, "KilledBy", "kernel-memcg", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{bystander, "KilledBy", "nobody", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	{child_killed, "KilledBy", "kernel-memcg", OOM_PASS, OOM_PASS},
	{child_killed, "KilledBy", "signal", OOM_FAIL, OOM_FAIL},
	{child_killed, "ExitCode", "137", OOM_INCONCLUSIVE, OOM_INCONCLUSIVE},
	/* one that was stuck is a failure all the same, unless the scenario speaks of it */
	{stuck, "ExitCode", "137", OOM_INCONCLUSIVE, OOM_FAIL},
	{stuck, "KilledBy", "signal", OOM_INCONCLUSIVE, OOM_FAIL},
	{stuck, "Signal", "SIGKILL", OOM_INCONCLUSIVE, OOM_FAIL},
	{stuck, "Reached", "199M", OOM_PASS, OOM_FAIL},
	{stuck, "Survives", "yes", OOM_PASS, OOM_PASS},
	{stuck, "Survives", "no", OOM_FAIL, OOM_FAIL},
};

Test(by_harness, its_kill_is_no_evidence)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_attempt *attempt = judge_sample();
		struct oom_scenario *scenario =
			judge_scenario(OOM_ABOUT_WORKLOAD, "hog", rows[i].key, rows[i].wanted);

		rows[i].change(attempt);
		cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
		cr_expect_eq(attempt->expects[0].verdict, rows[i].verdict, "row %zu: %s", i,
			oom_verdict_name(attempt->expects[0].verdict));
		cr_expect_eq(attempt->verdict, rows[i].attempt, "row %zu, the attempt: %s (%s)", i,
			oom_verdict_name(attempt->verdict), attempt->reason);
		if (rows[i].verdict == OOM_INCONCLUSIVE)
			cr_expect(strstr(attempt->expects[0].reason, "ended by the harness"),
				"row %zu: %s", i, attempt->expects[0].reason);
		judge_scenario_free(scenario);
		oom_attempt_free(attempt);
	}
}
