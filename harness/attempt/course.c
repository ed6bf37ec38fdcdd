// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/course.h"

#include "harness/faults/fault.h"
#include "harness/host/process.h"
#include "harness/load/load.h"
#include "lib/scenario/scenario.h"

#include <sys/wait.h>

bool oom_workload_is_quiet(const struct oom_run_workload *w)
{
	return (w->type->flags & OOM_WORKLOAD_BYSTANDER) ||
		(w->page->state == OOM_LOAD_HOLDING &&
			oom_section_usec(w->section, "Hold", 0) == UINT64_MAX);
}

/* A bystander may do so, too, where it has a Hold=. */
static bool ends_by_itself(const struct oom_run_workload *w)
{
	return !oom_workload_is_quiet(w) ||
		oom_section_usec(w->section, "Hold", UINT64_MAX) != UINT64_MAX;
}

bool oom_trigger_holds(const struct oom_trigger *t)
{
	const struct oom_run_workload *w = t->subject;

	switch (t->when->when.event) {
	case OOM_WHEN_STARTED:
		return w->started;
	case OOM_WHEN_REACHED:
		return w->page->reached_bytes >= t->threshold_bytes;
	case OOM_WHEN_KILLED:
		return w->killed_seen || (w->ended && WIFSIGNALED(w->wait_status));
	case OOM_WHEN_ENDED:
		return w->ended;
	case OOM_WHEN_DELAY:
		break; /* has no subject: at_us tells */
	}
	return false;
}

/* Whom a fault kills is seen to end a little later; INT64_MAX is for ever. */
static void weigh_fault(struct oom_run_fault *f, uint64_t now_us)
{
	bool under_way = f->fault->under_way && f->fault->under_way(f->data) > 0;

	if (f->fault->lasts || under_way)
		f->acts_until_us = INT64_MAX;
	else if (f->was_under_way || !f->acts_until_us)
		f->acts_until_us = now_us + OOM_COURSE_GRACE_US;
	f->was_under_way = under_way;
}

/*
 * Is there anything that could kill, or end, a workload which does nothing by itself: one that presses, a daemon
 * of the scenario, a fault that has fired (a signal that is heeded late, the kernel's work on a sysrq) or that
 * is to come?
 */
static bool anything_acts(const struct oom_run_state *run, uint64_t now_us)
{
	for (size_t i = 0; i < run->n_workloads; i++) {
		const struct oom_run_workload *w = &run->workloads[i];

		if (w->started && !w->ended && !oom_workload_is_quiet(w))
			return true;
	}
	for (size_t i = 0; i < run->n_faults; i++)
		if (run->faults[i].fired && run->faults[i].acts_until_us > now_us)
			return true;
	for (size_t i = 0; i < run->n_triggers; i++)
		if (run->triggers[i].possible && *run->triggers[i].name)
			return true;
	return oom_scenario_count(run->scenario, OOM_SEC_SERVICE) > 0;
}

static bool can_come(const struct oom_run_state *run, const struct oom_trigger *t, uint64_t now_us)
{
	const struct oom_run_workload *w = t->subject;

	if (t->starts && t->starts->ended)
		return false;
	if (!t->when)
		return true;
	if (w->ended)
		return false;
	if (!w->started)
		return w->start && w->start->possible;
	switch (t->when->when.event) {
	case OOM_WHEN_REACHED: /* in this order: what it reaches last it reaches before it is quiet */
		return !oom_workload_is_quiet(w) || oom_trigger_holds(t);
	case OOM_WHEN_KILLED:
	case OOM_WHEN_ENDED:
		return ends_by_itself(w) || anything_acts(run, now_us);
	default:
		return false; /* started: it is, and the trigger has fired */
	}
}

/* From nothing upwards, until nothing more is found: two that wait for each other are not possible. */
void oom_course_weigh(struct oom_run_state *run)
{
	uint64_t now_us = oom_monotonic_us();
	bool more = true;

	for (size_t i = 0; i < run->n_faults; i++)
		if (run->faults[i].fired)
			weigh_fault(&run->faults[i], now_us);
	for (size_t i = 0; i < run->n_triggers; i++)
		run->triggers[i].possible = false;
	while (more) {
		more = false;
		for (size_t i = 0; i < run->n_triggers; i++) {
			struct oom_trigger *t = &run->triggers[i];

			if (t->fired || t->possible || !can_come(run, t, now_us))
				continue;
			t->possible = more = true;
		}
	}
}

bool oom_course_is_run(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++) {
		const struct oom_run_workload *w = &run->workloads[i];

		/* one whose event cannot come waits at its gate for nothing */
		if (w->started && !w->ended && !oom_workload_is_quiet(w))
			return false;
	}
	for (size_t i = 0; i < run->n_triggers; i++) {
		const struct oom_trigger *t = &run->triggers[i];

		if (t->possible && (!t->when || !t->optional || t->starts))
			return false;
	}
	return true;
}
