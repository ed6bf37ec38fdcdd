// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which events can still come, and whether a run is over for want of them. */
#include "harness/attempt/course.h"
#include "harness/attempt/trigger.h"
#include "harness/campaign/schema.h"
#include "harness/faults/fault.h"
#include "harness/load/load.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { MIB = 1 << 20, MOST = 4 };

#define HOG   "[Workload hog]\nType=anon\nSize=40M\nHold=forever\n"
#define OTHER "[Workload other]\nType=anon\nSize=40M\n"
#define BANG  "[Fault bang]\nWorkload=hog\nType=signal\n"
#define LOWER "[Fault lower]\nType=adj\nWorkload=hog\nValue=9\nAt=1s\n"
#define END   "[Expect hog]\nSurvives=yes\n"

static const struct row {
	const char *text;
	/* of each workload in the order of the file: waits at its gate, presses, holds for ever, has exited, was
	 * killed, killed at its gate; 40M reached by all that go on */
	const char *states;
	enum { NOT_YET, NOW, LONG_AGO } fired; /* the fault */
	const char *possible; /* of each start, fault and Until= in that order: y or n */
	bool is_over;
} rows[] = {
	{HOG END, "p", NOT_YET, "", false},
	{HOG END, "h", NOT_YET, "", true},
	{HOG END, "e", NOT_YET, "", true},
	{"[Workload hog]\nType=idle\nSize=1M\n" END, "p", NOT_YET, "", true},
	/* a fault: until its subject has come to its end */
	{HOG BANG "When=hog reached 100M\n" END, "p", NOT_YET, "y", false},
	{HOG BANG "When=hog reached 100M\n" END, "h", NOT_YET, "n", true},
	{HOG BANG "When=hog reached 100M\n" END, "e", NOT_YET, "n", true},
	{HOG BANG "When=hog reached 100M\n" END, "k", NOT_YET, "n", true},
	/* it passed its threshold a moment ago */
	{HOG BANG "When=hog reached 40M\n" END, "h", NOT_YET, "y", false},
	{HOG BANG "At=2s\n" END, "h", NOT_YET, "y", false},
	{HOG BANG "At=2s\nOptional=yes\n" END, "h", NOT_YET, "y", false},
	/* who holds dies only where there is somebody to kill it */
	{HOG BANG "When=hog killed\n" END, "h", NOT_YET, "n", true},
	{HOG OTHER BANG "When=hog killed\n" END, "hp", NOT_YET, "y", false},
	{HOG OTHER BANG "When=hog killed\n" END, "he", NOT_YET, "n", true},
	{HOG "[Service d]\nExecStart=/usr/bin/earlyoom\n" BANG "When=hog killed\n" END, "h",
		NOT_YET, "y", false},
	/* what may be absent is not waited for */
	{HOG "[Service d]\nExecStart=/usr/bin/earlyoom\n" BANG
	     "When=hog killed\nOptional=yes\n" END,
		"h", NOT_YET, "y", true},
	{"[Scenario]\nUntil=hog killed\n" HOG BANG "At=1s\n" END, "h", NOW, "ny", false},
	{"[Scenario]\nUntil=hog killed\n" HOG END, "h", NOT_YET, "n", true},
	{"[Scenario]\nUntil=hog ended\n" HOG END, "p", NOT_YET, "y", false},
	{"[Scenario]\nUntil=hog ended\nUntilOptional=yes\n" HOG BANG "At=1s\n" END, "h", NOW, "ny",
		true},
	/* a signal is heeded when it is; whom another fault kills is gone soon */
	{"[Scenario]\nUntil=hog killed\n" HOG BANG "At=1s\n" END, "h", LONG_AGO, "ny", false},
	{"[Scenario]\nUntil=hog killed\n" HOG LOWER END, "h", NOW, "ny", false},
	{"[Scenario]\nUntil=hog killed\n" HOG LOWER END, "h", LONG_AGO, "nn", true},
	{"[Scenario]\nUntil=hog killed\n" HOG OTHER LOWER END, "hp", LONG_AGO, "ny", false},
	/* a bystander with a Hold= ends by itself */
	{"[Scenario]\nUntil=hog ended\n[Workload hog]\nType=idle\nHold=2s\n" END, "p", NOT_YET, "y",
		false},
	{"[Scenario]\nUntil=hog ended\n[Workload hog]\nType=idle\n" END, "p", NOT_YET, "n", true},
	/* late starts */
	{HOG OTHER "Start=hog reached 100M\n" END, "pw", NOT_YET, "y", false},
	{HOG OTHER "Start=hog reached 100M\n" END, "hw", NOT_YET, "n", true},
	{HOG OTHER "Start=hog ended\n" END, "hw", NOT_YET, "n", true},
	{HOG OTHER "Start=2s\n" END, "hw", NOT_YET, "y", false},
	{HOG OTHER "Start=2s\n" END, "hx", NOT_YET, "n", true},
	/* who could kill it is still to come */
	{HOG OTHER "Start=2s\n" BANG "When=hog killed\n" END, "hw", NOT_YET, "yy", false},
	/* one after the other, and nothing that could be the first */
	{HOG OTHER "Start=hog killed\n" BANG "When=other reached 1M\n" END, "hw", NOT_YET, "nn",
		true},
	{HOG OTHER "Start=hog killed\n" BANG "When=hog killed\n" END, "hw", NOT_YET, "nn", true},
	{HOG OTHER "Start=hog ended\n" BANG "When=other started\n" END, "pw", NOT_YET, "yy", false},
	{HOG OTHER "Start=hog reached 100M\n" BANG "When=other killed\n" END, "kw", NOT_YET, "nn",
		true},
};

static void workload_set(struct oom_run_workload *w, const struct oom_section *section, char state)
{
	*w = (struct oom_run_workload){.section = section,
		.name = section->name,
		.type = oom_workload_of(section->type),
		.page = calloc(1, sizeof(*w->page)),
		.pid_fd = -1,
		.gate_fd = -1};
	w->started = !strchr("wx", state);
	w->page->state = state == 'h' ? OOM_LOAD_HOLDING : OOM_LOAD_RUNNING;
	w->page->reached_bytes = w->started ? 40 * MIB : 0;
	w->ended = strchr("ekx", state) != NULL;
	w->wait_status = strchr("kx", state) ? SIGKILL : 0;
}

static void run_set(
	struct oom_run_state *run, const struct oom_scenario *scenario, const struct row *row)
{
	const struct oom_section *section = NULL;
	struct oom_err err = {0};

	*run = (struct oom_run_state){.scenario = scenario};
	run->workloads = oom_arena_alloc(&run->arena, MOST * sizeof(*run->workloads));
	run->faults = oom_arena_alloc(&run->arena, MOST * sizeof(*run->faults));
	while ((section = oom_scenario_next(scenario, OOM_SEC_WORKLOAD, section))) {
		workload_set(
			&run->workloads[run->n_workloads], section, row->states[run->n_workloads]);
		run->n_workloads++;
	}
	while ((section = oom_scenario_next(scenario, OOM_SEC_FAULT, section)))
		run->faults[run->n_faults++] = (struct oom_run_fault){
			.fault = oom_fault_of(section->type), .section = section};
	cr_assert_eq(oom_triggers_prepare(run, &err), 0, "%s", err.msg);
	for (size_t i = 0; i < run->n_triggers; i++)
		if (run->triggers[i].data == run->faults && row->fired)
			run->triggers[i].fired = run->faults[0].fired = true;
	run->faults[0].acts_until_us = row->fired == LONG_AGO; /* 1: when this machine began */
}

Test(course, what_can_come_and_when_it_is_over)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oom_diags diags = {0};
		struct oom_scenario *scenario = NULL;
		struct oom_run_state *run = calloc(1, sizeof(*run));
		char got[MOST + 1] = "";

		oom_scenario_parse(oom_schema(), "x", "x", rows[i].text, strlen(rows[i].text),
			&diags, &scenario);
		cr_assert(scenario, "row %zu: %s", i, diags.count ? diags.items[0].msg : "?");
		run_set(run, scenario, &rows[i]);
		oom_course_weigh(run);
		for (size_t t = 0; t < run->n_triggers; t++)
			got[t] = run->triggers[t].possible ? 'y' : 'n';
		cr_expect_str_eq(got, rows[i].possible, "row %zu: %s", i, got);
		cr_expect_eq(oom_course_is_run(run), rows[i].is_over, "row %zu", i);
		for (size_t w = 0; w < run->n_workloads; w++)
			free(run->workloads[w].page);
		oom_arena_release(&run->arena);
		free(run);
		oom_scenario_free(scenario);
		oom_diags_release(&diags);
	}
}
