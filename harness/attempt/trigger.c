// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/trigger.h"

#include "harness/attempt/course.h"
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

static void trigger_fire(struct oom_run_state *run, struct oom_trigger *t)
{
	t->fired = true;
	t->fired_us = oom_monotonic_us();
	t->fire(run, t->data);
	oom_run_activity(run);
}

void oom_triggers_check(struct oom_run_state *run)
{
	uint64_t now = oom_monotonic_us();

	for (size_t i = 0; i < run->n_triggers; i++) {
		struct oom_trigger *t = &run->triggers[i];

		if (!t->fired && (t->when ? oom_trigger_holds(t) : now >= run->go_us + t->at_us))
			trigger_fire(run, t);
	}
	oom_course_weigh(run);
}

static void fire_start(struct oom_run_state *run, void *data)
{
	(void)run;
	oom_workload_go(data);
}

static void fire_fault(struct oom_run_state *run, void *data)
{
	struct oom_run_fault *fault = data;

	fault->fired = true;
	fault->result = fault->fault->fire(run, fault->data);
}

static void fire_until(struct oom_run_state *run, void *data)
{
	(void)data;
	run->over = true;
}

void oom_triggers_end(struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_triggers; i++) {
		struct oom_trigger *t = &run->triggers[i];

		if (t->fire == fire_until && !t->fired && oom_trigger_holds(t))
			trigger_fire(run, t);
	}
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

	*t = (struct oom_trigger){.name = "", .fire = fire, .data = data};
	return t;
}

static int add_start(struct oom_run_state *run, struct oom_run_workload *w, struct oom_err *err)
{
	const struct oom_setting *start = oom_section_get(w->section, "Start");
	struct oom_trigger *t;

	if (!start || (start->value.when.event == OOM_WHEN_DELAY && !start->value.when.usec))
		return 0;
	t = trigger_add(run, fire_start, w);
	t->name = w->name;
	t->setting = start;
	t->optional = oom_section_bool(w->section, "StartOptional", false);
	t->starts = w;
	w->start = t;
	if (start->value.when.event != OOM_WHEN_DELAY)
		return trigger_when(run, t, &start->value, err);
	t->at_us = start->value.when.usec;
	return 0;
}

static int add_fault(struct oom_run_state *run, struct oom_run_fault *fault, struct oom_err *err)
{
	const struct oom_setting *when = oom_section_get(fault->section, "When");
	struct oom_trigger *t = trigger_add(run, fire_fault, fault);

	fault->trigger = t;
	t->name = fault->section->name;
	t->setting = when ? when : oom_section_get(fault->section, "At");
	t->optional = oom_section_bool(fault->section, "Optional", false);
	if (when)
		return trigger_when(run, t, &when->value, err);
	t->at_us = oom_section_usec(fault->section, "At", 0);
	return 0;
}

static int add_until(struct oom_run_state *run, struct oom_err *err)
{
	const struct oom_section *scenario =
		oom_scenario_section(run->scenario, OOM_SEC_SCENARIO, NULL);
	const struct oom_setting *until = oom_section_get(scenario, "Until");
	struct oom_trigger *t;

	if (!until)
		return 0;
	t = trigger_add(run, fire_until, NULL);
	t->setting = until;
	t->optional = oom_section_bool(scenario, "UntilOptional", false);
	return trigger_when(run, t, &until->value, err);
}

int oom_triggers_prepare(struct oom_run_state *run, struct oom_err *err)
{
	int r = 0;

	run->triggers = oom_arena_alloc(
		&run->arena, (run->n_workloads + run->n_faults + 1) * sizeof(*run->triggers));
	if (!run->triggers)
		return oom_err_set(err, ENOMEM, "no memory for the run's events");
	for (size_t i = 0; r >= 0 && i < run->n_workloads; i++)
		r = add_start(run, &run->workloads[i], err);
	for (size_t i = 0; r >= 0 && i < run->n_faults; i++)
		r = add_fault(run, &run->faults[i], err);
	return r < 0 ? r : add_until(run, err);
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
		fault->section = section;
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
