// SPDX-License-Identifier: LGPL-2.1-or-later
/* A machine that stood still while its clocks went on: what a clock says is then a range, and what lies across it open. */
#include "harness/expects/expect.h"
#include "tests/support/judge.h"

#include <criterion/criterion.h>
#include <string.h>

static void still(struct oom_attempt *a, int64_t at_us, int64_t length_us, int64_t lost_us)
{
	*oom_attempt_add_standstill(a) = (struct oom_standstill_rec){
		at_us, length_us, lost_us, lost_us ? "QEMU was stopped" : NULL};
	a->setup_us = 100000;
	a->duration_us = 2600000;
}

/* The hog lives from 1 ms to 2 s. */
static void while_hog_ran(struct oom_attempt *a)
{
	still(a, 500000, 1000000, 1000000);
}
static void partly(struct oom_attempt *a)
{
	still(a, 500000, 1000000, 600000);
}
static void after_hog(struct oom_attempt *a)
{
	still(a, 2000000, 400000, 400000);
}
static void across_its_end(struct oom_attempt *a)
{
	still(a, 1800000, 600000, 600000); /* 0.2 s of it count */
}
static void twice(struct oom_attempt *a)
{
	still(a, 100000, 600000, 600000);
	still(a, 1000000, 700000, 700000);
}
/* Only the samples have a hole: the kernel's own, for all that is known. */
static void unproven(struct oom_attempt *a)
{
	still(a, 500000, 1000000, 0);
}
static void impossible(struct oom_attempt *a)
{
	still(a, INT64_MAX - 5, INT64_MAX, INT64_MAX);
	still(a, -7, 100, 100);
	still(a, 5, -100, 100);
	still(a, 5, 100, -100);
}
static void endless(struct oom_attempt *a)
{
	still(a, 0, INT64_MAX, INT64_MAX);
	still(a, 1, INT64_MAX - 1, INT64_MAX);
}

static void slow_kill(struct oom_attempt *a)
{
	a->kill_latency_us = oom_attempt_workload(a, "hog")->kill_latency_us = 700000;
}
static void slow_service(struct oom_attempt *a)
{
	oom_attempt_workload(a, "neighbour")->latency_p99_us = 1048576;
}

static void stuck(struct oom_attempt *a)
{
	struct oom_workload_rec *hog = oom_attempt_workload(a, "hog");

	hog->end = OOM_END_STUCK;
	hog->ended_by_harness = true;
	hog->exit_code = hog->signal = hog->end_us = -1;
	hog->killed_by = OOM_KILLER_NOBODY;
	hog->kills = 0;
	judge_without_kills(a);
	a->oom_kills = 0;
}
static void long_run(struct oom_attempt *a)
{
	a->duration_us = 4200000; /* of that, a second is not enough */
}

#define STILL "stood still for"
static const struct judge_row rows[] = {
	/* Within: [1 s, 2 s] is all that is known of 2 s */
	{{while_hog_ran}, "hog", "Within", "..1500ms", OOM_INCONCLUSIVE, "2s",
		STILL " 1s of it, at 500ms"},
	{{while_hog_ran}, "hog", "Within", "1500ms..", OOM_INCONCLUSIVE, "2s", "QEMU was stopped"},
	{{while_hog_ran}, "hog", "Within", "1200ms..1500ms", OOM_INCONCLUSIVE, "2s", STILL},
	{{while_hog_ran}, "hog", "Within", "..2s", OOM_PASS, "2s", NULL},
	{{while_hog_ran}, "hog", "Within", "1s..", OOM_PASS, "2s", NULL},
	{{while_hog_ran}, "hog", "Within", "..999ms", OOM_FAIL, "2s", NULL},
	{{while_hog_ran}, "hog", "Within", "2001ms..", OOM_FAIL, "2s", NULL},
	{{while_hog_ran}, "hog", "Within", "..10ms|3s..", OOM_FAIL, "2s", NULL},
	{{partly}, "hog", "Within", "..1399ms", OOM_FAIL, "2s", NULL},
	{{partly}, "hog", "Within", "..1400ms", OOM_INCONCLUSIVE, "2s", STILL " 600ms"},
	{{after_hog}, "hog", "Within", "..1900ms", OOM_FAIL, "2s", NULL},
	{{across_its_end}, "hog", "Within", "..1800ms", OOM_INCONCLUSIVE, "2s", STILL " 200ms"},
	{{across_its_end}, "hog", "Within", "..1799ms", OOM_FAIL, "2s", NULL},
	{{twice}, "hog", "Within", "..700ms", OOM_INCONCLUSIVE, "2s", STILL " 1.3s"},
	{{twice}, "hog", "Within", "..699ms", OOM_FAIL, "2s", NULL},
	{{unproven}, "hog", "Within", "..1500ms", OOM_FAIL, "2s", NULL},
	{{impossible}, "hog", "Within", "..1500ms", OOM_FAIL, "2s", NULL},
	{{endless}, "hog", "Within", "..1ms", OOM_INCONCLUSIVE, "2s", STILL},
	/* the others that come from a clock */
	{{slow_kill}, "hog", "KillLatency", "..100ms", OOM_FAIL, "700ms", NULL},
	{{slow_kill, while_hog_ran}, "hog", "KillLatency", "..500ms", OOM_INCONCLUSIVE, "700ms",
		STILL " 200ms"},
	{{slow_kill, while_hog_ran}, "hog", "KillLatency", "..499ms", OOM_FAIL, "700ms", NULL},
	{{slow_kill, across_its_end}, "hog", "KillLatency", "..500ms", OOM_INCONCLUSIVE, "700ms",
		STILL " 200ms"},
	{{slow_kill, after_hog}, "hog", "KillLatency", "..100ms", OOM_FAIL, "700ms", NULL},
	{{slow_kill, while_hog_ran}, "", "KillLatency", "..100ms", OOM_INCONCLUSIVE, "700ms",
		STILL},
	{{slow_service}, "neighbour", "LatencyP99", "..100ms", OOM_FAIL, "1s", NULL},
	{{slow_service, while_hog_ran}, "neighbour", "LatencyP99", "..100ms", OOM_INCONCLUSIVE,
		"1s", STILL},
	{{slow_service, while_hog_ran}, "neighbour", "LatencyP99", "..10ms", OOM_FAIL, "1s", NULL},
	{{while_hog_ran}, "box", "PressureFull", "..100ms", OOM_INCONCLUSIVE, "250ms", STILL},
	{{unproven}, "box", "PressureFull", "..100ms", OOM_FAIL, "250ms", NULL},
	{{while_hog_ran}, "box", "PressureFull", "..300ms", OOM_PASS, "250ms", NULL},
	/* the deadline is a clock, too */
	{{stuck}, "hog", "Within", "..1s", OOM_FAIL, "stuck", NULL},
	{{stuck, while_hog_ran}, "hog", "Within", "..1s", OOM_INCONCLUSIVE, "stuck", STILL},
	{{stuck, unproven}, "hog", "Within", "..1s", OOM_FAIL, "stuck", NULL},
	{{stuck, while_hog_ran, long_run}, "hog", "Within", "..1s", OOM_FAIL, "stuck", NULL},
	{{stuck}, "hog", "Reached", "200M..", OOM_FAIL, "199M", NULL},
	{{stuck, while_hog_ran}, "hog", "Reached", "200M..", OOM_INCONCLUSIVE, "199M", STILL},
	{{stuck}, "", "OOMKills", "1", OOM_FAIL, "0", NULL},
	{{stuck, while_hog_ran}, "", "OOMKills", "1", OOM_INCONCLUSIVE, "0", STILL},
	/* nobody was stuck: what did not happen in time has not happened */
	{{while_hog_ran}, "", "OOMKills", "2", OOM_FAIL, "1", NULL},
	{{while_hog_ran}, "hog", "ExitCode", "0", OOM_FAIL, "137", NULL},
	{{while_hog_ran}, "neighbour", "Survives", "no", OOM_FAIL, "yes", NULL},
};

Test(standstill, makes_a_range_of_what_a_clock_says)
{
	JUDGE_ROWS(rows);
}

static void lockup(struct oom_attempt *a)
{
	oom_attempt_add_text(a, &a->warnings, &a->n_warnings,
		"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [oomgate:99]");
	oom_attempt_add_text(a, &a->warnings, &a->n_warnings,
		"rcu: INFO: rcu_preempt self-detected stall on CPU");
}
static void bug(struct oom_attempt *a)
{
	oom_attempt_add_text(a, &a->warnings, &a->n_warnings, "BUG: Bad page state in process x");
}
static void watchdog(struct oom_attempt *a)
{
	oom_attempt_unit(a, "box")->result = "watchdog";
}
static void for_long(struct oom_attempt *a)
{
	still(a, 100000, 26000000, 26000000);
}

static const struct judge_row warnings[] = {
	{{lockup}, "", "KernelWarnings", "0", OOM_FAIL, "2", NULL},
	{{lockup, for_long}, "", "KernelWarnings", "0", OOM_INCONCLUSIVE, "2", STILL " 26s"},
	{{lockup, while_hog_ran}, "", "KernelWarnings", "0", OOM_FAIL, "2", NULL},
	{{lockup, bug, for_long}, "", "KernelWarnings", "0", OOM_FAIL, "3", NULL},
	{{for_long}, "", "KernelWarnings", "0", OOM_PASS, "0", NULL},
	{{for_long}, "", "KernelWarnings", "1", OOM_FAIL, "0", NULL},
	{{watchdog}, "box", "Result", "success", OOM_FAIL, "watchdog", NULL},
	{{watchdog, for_long}, "box", "Result", "success", OOM_INCONCLUSIVE, "watchdog", STILL},
	{{for_long}, "box", "Result", "success", OOM_FAIL, "oom-kill", NULL},
};

Test(standstill, excuses_watchdogs_alone)
{
	JUDGE_ROWS(warnings);
}

/* Nothing is expected of who was stuck: the attempt fails, and says why; or does not know. */
Test(standstill, excuses_a_deadline)
{
	static void (*const changes[])(struct oom_attempt * a) = {
		while_hog_ran, unproven, long_run, NULL};
	static const enum oom_verdict verdicts[] = {OOM_INCONCLUSIVE, OOM_FAIL, OOM_FAIL, OOM_FAIL};

	for (size_t i = 0; i < 4; i++) {
		struct oom_attempt *attempt = judge_sample();
		struct oom_scenario *scenario =
			judge_scenario(OOM_ABOUT_WORKLOAD, "neighbour", "Survives", "yes");

		stuck(attempt);
		if (changes[i])
			changes[i](attempt);
		cr_assert_eq(oom_expects_judge(scenario, 1 << 30, attempt), 0);
		cr_expect_eq(attempt->verdict, verdicts[i], "row %zu: %s", i, attempt->reason);
		cr_expect(strstr(attempt->reason, "'hog' had not ended at the deadline"), "%s",
			attempt->reason);
		cr_expect_eq(!!strstr(attempt->reason, STILL " 1s"), i == 0, "%s", attempt->reason);
		judge_scenario_free(scenario);
		oom_attempt_free(attempt);
	}
}
