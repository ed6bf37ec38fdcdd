// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge.h"

#include <criterion/criterion.h>

/* A plain cgroup on an old kernel: no systemd, no memory.peak, no PSI. */
static void plain_and_old(struct oom_attempt *attempt)
{
	struct oom_unit_rec *box = oom_attempt_unit(attempt, "box");

	box->result = box->active_state = NULL;
	box->memory_peak_bytes = box->pressure_full_us = -1;
	judge_set_source(attempt, "systemd", OOM_SOURCE_ABSENT, -1, "backend cgroup");
}

static void systemd_silent(struct oom_attempt *attempt)
{
	plain_and_old(attempt);
	judge_set_source(attempt, "systemd", OOM_SOURCE_OK, 0, NULL);
}

static void failed_unit(struct oom_attempt *attempt)
{
	oom_attempt_unit(attempt, "box")->active_state = "failed";
}

Test(expect_unit, systemd_state)
{
	static const struct judge_row rows[] = {
		{{NULL}, "box", "Result", "oom-kill|signal", OOM_PASS, "oom-kill", NULL},
		{{NULL}, "box", "Result", "success", OOM_FAIL, "oom-kill", NULL},
		{{plain_and_old}, "box", "Result", "success", OOM_INCONCLUSIVE, NULL,
			"systemd is absent (backend cgroup)"},
		{{systemd_silent}, "box", "Result", "success", OOM_INCONCLUSIVE, NULL,
			"not observed"},

		{{NULL}, "box", "Active", "yes", OOM_PASS, "yes", NULL},
		{{failed_unit}, "box", "Active", "yes", OOM_FAIL, "no", NULL},
		{{failed_unit}, "box", "Active", "no", OOM_PASS, "no", NULL},
		{{plain_and_old}, "box", "Active", "no", OOM_INCONCLUSIVE, NULL,
			"systemd is absent (backend cgroup)"},
		{{systemd_silent}, "box", "Active", "no", OOM_INCONCLUSIVE, NULL,
			"systemd did not report it"},
	};

	JUDGE_ROWS(rows);
}

static void children_only(struct oom_attempt *attempt)
{
	struct oom_unit_rec *box = oom_attempt_unit(attempt, "box");

	box->events_local[4].value = 0; /* oom_kill: a child's victim */
}

Test(expect_unit, cgroup_files)
{
	static const struct judge_row rows[] = {
		{{NULL}, "box", "Event.oom_kill", "1", OOM_PASS, "1", NULL},
		{{NULL}, "box", "Event.oom_kill", "0", OOM_FAIL, "1", NULL},
		{{NULL}, "box", "Event.max", "1..", OOM_PASS, "71", NULL},
		{{NULL}, "box", "Event.sock_throttled", "0", OOM_INCONCLUSIVE, NULL,
			"memory.events has no 'sock_throttled' on this kernel"},
		{{judge_without_events}, "box", "Event.oom_kill", "0", OOM_INCONCLUSIVE, NULL,
			"memory.events was not read"},

		{{NULL}, "box", "EventLocal.oom_kill", "1", OOM_PASS, "1", NULL},
		{{children_only}, "box", "EventLocal.oom_kill", "1", OOM_FAIL, "0", NULL},
		{{children_only}, "box", "Event.oom_kill", "1", OOM_PASS, "1", NULL},
		{{judge_without_events}, "box", "EventLocal.oom_kill", "0", OOM_INCONCLUSIVE, NULL,
			"memory.events.local was not read"},

		{{NULL}, "box", "EventParent.oom_kill", "3", OOM_PASS, "3", NULL},
		{{NULL}, "box", "EventParent.oom_kill", "0", OOM_FAIL, "3", NULL},
		{{judge_without_events}, "box", "EventParent.oom_kill", "0", OOM_INCONCLUSIVE, NULL,
			"memory.events of the parent was not read"},

		{{NULL}, "box", "PidsEvent.max", "0", OOM_PASS, "0", NULL},
		{{NULL}, "box", "PidsEvent.max", "1..", OOM_FAIL, "0", NULL},
		{{judge_without_events}, "box", "PidsEvent.max", "0", OOM_INCONCLUSIVE, NULL,
			"pids.events was not read"},

		{{NULL}, "box", "MemoryPeak", "199M..200M", OOM_PASS, "200M", NULL},
		{{NULL}, "box", "MemoryPeak", "100%", OOM_PASS, "200M", NULL},
		{{NULL}, "box", "MemoryPeak", "..150M", OOM_FAIL, "200M", NULL},
		{{plain_and_old}, "box", "MemoryPeak", "200M", OOM_INCONCLUSIVE, NULL,
			"not observed"},

		{{NULL}, "box", "PressureFull", "100ms..", OOM_PASS, "250ms", NULL},
		{{NULL}, "box", "PressureFull", "..100ms", OOM_FAIL, "250ms", NULL},
		{{plain_and_old}, "box", "PressureFull", "100ms..", OOM_INCONCLUSIVE, NULL,
			"not observed"},
	};

	JUDGE_ROWS(rows);
}
