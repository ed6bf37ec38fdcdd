// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/trigger.h"

#include "harness/attempt/gate.h"
#include "harness/attempt/limit.h"
#include "harness/faults/fault.h"
#include "harness/host/process.h"
#include "harness/load/load.h"
#include "lib/scenario/scenario.h"

#include <errno.h>

/*
 * What happens in the middle of a run: late starts (Start=), faults (At=, When=) and its end (Until=).
 * Each is a row that fires once; rows are made before the gate opens and only looked at after it.
 */

static bool when_holds(const struct oom_trigger *t)
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

void oom_triggers_check(struct oom_run_state *run)
{
	uint64_t now = oom_monotonic_us();

	for (size_t i = 0; i < run->n_triggers; i++) {
		struct oom_trigger *t = &run->triggers[i];

		if (t->fired || !(t->when ? when_holds(t) : now >= run->go_us + t->at_us))
			continue;
		t->fired = true;
		t->fire(run, t->data);
		oom_run_activity(run);
	}
}

static void fire_start(struct oom_run_state *run, void *data)
{
	(void)run;
	oom_workload_go(data);
}

static void fire_fault(struct oom_run_state *run, void *data)
{
	struct oom_run_fault *fault = data;

	fault->result = fault->fault->fire(run, fault->data);
}

static void fire_until(struct oom_run_state *run, void *data)
{
	(void)data;
	run->over = true;
}

/* The runner is woken where a workload passes a threshold: each has room for a few. */
static int threshold_add(struct oom_run_workload *w, uint64_t bytes, struct oom_err *err)
{
	for (int i = 0; i < OOM_LOAD_THRESHOLDS; i++) {
		if (w->page->threshold_bytes[i] && w->page->threshold_bytes[i] != bytes)
			continue;
		w->page->threshold_bytes[i] = bytes;
		return 0;
	}
	return oom_err_set(err, E2BIG, "more than %d different 'reached' events of workload '%s'",
		OOM_LOAD_THRESHOLDS, w->name);
}

static int trigger_when(struct oom_run_state *run, struct oom_trigger *t,
	const struct oom_value *value, struct oom_err *err)
{
	t->when = value;
	t->subject = oom_run_workload(run, value->when.subject);
	if (!t->subject)
		return oom_err_set(
			err, EINVAL, "no workload '%s' to wait for", value->when.subject);
	if (value->when.event != OOM_WHEN_REACHED)
		return 0;
	t->threshold_bytes = oom_size_bytes(&value->when.size,
		oom_unit_limit_bytes(run->scenario,
			oom_section_text(t->subject->section, "Scope", NULL), run->machine_bytes));
	return threshold_add(t->subject, t->threshold_bytes, err);
}

static struct oom_trigger *trigger_add(
	struct oom_run_state *run, void (*fire)(struct oom_run_state *run, void *data), void *data)
{
	struct oom_trigger *t = &run->triggers[run->n_triggers++];

	*t = (struct oom_trigger){.fire = fire, .data = data};
	return t;
}

static int add_starts(struct oom_run_state *run, struct oom_err *err)
{
	for (size_t i = 0; i < run->n_workloads; i++) {
		struct oom_run_workload *w = &run->workloads[i];
		const struct oom_setting *start = oom_section_get(w->section, "Start");
		struct oom_trigger *t;
		uint64_t delay_us = 0;

		if (!start)
			continue;
		if (start->value.when.event == OOM_WHEN_DELAY) {
			delay_us = start->value.when.usec;
			if (!delay_us)
				continue;
		}
		t = trigger_add(run, fire_start, w);
		t->at_us = delay_us;
		w->delayed = true;
		if (!delay_us) {
			int r = trigger_when(run, t, &start->value, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_faults(struct oom_run_state *run, struct oom_err *err)
{
	const struct oom_section *section = NULL;

	for (size_t i = 0; i < run->n_faults; i++) {
		const struct oom_setting *when;
		struct oom_trigger *t = trigger_add(run, fire_fault, &run->faults[i]);
		int r;

		section = oom_scenario_next(run->scenario, OOM_SEC_FAULT, section);
		when = oom_section_get(section, "When");
		if (!when) {
			t->at_us = oom_section_usec(section, "At", 0);
			continue;
		}
		r = trigger_when(run, t, &when->value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int oom_triggers_prepare(struct oom_run_state *run, struct oom_err *err)
{
	const struct oom_section *scenario =
		oom_scenario_section(run->scenario, OOM_SEC_SCENARIO, NULL);
	const struct oom_setting *until = scenario ? oom_section_get(scenario, "Until") : NULL;
	int r;

	run->triggers = oom_arena_alloc(
		&run->arena, (run->n_workloads + run->n_faults + 1) * sizeof(*run->triggers));
	if (!run->triggers)
		return oom_err_set(err, ENOMEM, "no memory for the run's events");
	r = add_starts(run, err);
	if (r >= 0)
		r = add_faults(run, err);
	if (r >= 0 && until)
		r = trigger_when(run, trigger_add(run, fire_until, NULL), &until->value, err);
	return r;
}

int oom_faults_prepare(struct oom_run_state *run, struct oom_err *err)
{
	size_t n = oom_scenario_count(run->scenario, OOM_SEC_FAULT);
	const struct oom_section *section = NULL;

	run->faults = oom_arena_alloc(&run->arena, (n + 1) * sizeof(*run->faults));
	if (!run->faults)
		return oom_err_set(err, ENOMEM, "no memory for faults");
	while ((section = oom_scenario_next(run->scenario, OOM_SEC_FAULT, section))) {
		struct oom_run_fault *fault = &run->faults[run->n_faults];
		int r;

		fault->fault = oom_fault_of(section->type);
		r = fault->fault->prepare(run, section, err, &fault->data);
		if (r < 0)
			return r;
		run->n_faults++;
	}
	return 0;
}

void oom_faults_release(struct oom_run_state *run)
{
	while (run->n_faults) {
		struct oom_run_fault *fault = &run->faults[--run->n_faults];

		if (fault->fault->release)
			fault->fault->release(fault->data);
	}
}
