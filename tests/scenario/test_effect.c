// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands in a file and could have no effect is a mistake; beside each, what is none. */
#include "harness/campaign/schema.h"
#include "lib/scenario/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HOG    "[Workload hog]\nType=anon\nSize=1M\n" /* three lines */
#define EXPECT "[Expect hog]\nReached=1M\n" /* at the end */

static const struct {
	const char *text, *mistakes; /* "line:col: message" lines */
} rows[] = {
	{HOG EXPECT, ""},
	/* a slice of the machine's own that is called like one of the file's */
	{"[Slice batch]\nMemoryMax=9M\n[Scope box]\nSlice=batch\n" HOG EXPECT, ""},
	{"[Slice batch]\nMemoryMax=9M\n[Scope box]\nSlice=batch.slice\n" HOG EXPECT,
		"4:7: 'Slice=': 'batch.slice' is a slice of the machine and not [Slice batch], did "
		"you mean 'batch'?\n"},
	{"[Slice batch]\nMemoryMax=9M\n[Slice low]\nSlice=batch.slice\nMemoryMax=1M\n"
	 "[Scope box]\nSlice=low\n" HOG EXPECT,
		"4:7: 'Slice=': 'batch.slice' is a slice of the machine and not [Slice batch], did "
		"you mean 'batch'?\n"},
	{"[Slice batch]\nMemoryMax=9M\n[Service d]\nExecStart=/bin/true\nSlice=batch.slice\n" HOG
			EXPECT,
		"5:7: 'Slice=': 'batch.slice' is a slice of the machine and not [Slice batch], did "
		"you mean 'batch'?\n"},
	{"[Scope box]\nSlice=system.slice\n" HOG EXPECT, ""},
	/* limits of nobody */
	{"[Slice batch]\nMemoryMax=9M\n[Scope box]\n" HOG EXPECT,
		"1:1: [Slice batch] has no effect: nothing is in it ('Slice=batch' in a [Scope] "
		"section puts something there)\n"},
	{"[Slice batch]\n[Scope box]\n" HOG EXPECT, ""},
	{"[Slice batch]\nMemoryMax=9M\n[Scope box]\n" HOG EXPECT "[Expect batch]\nEvent.oom=0\n",
		""},
	{"[Slice batch]\nMemoryMax=9M\n[Scope box]\n[Workload run]\nType=exec\n"
	 "Command=podman run --cgroup-parent=batch x\n[Expect run]\nExitCode=0\n",
		""},
	{"[Scope box]\nMemoryMax=9M\n[Scope other]\nMemoryMax=9M\n" HOG "Scope=box\n" EXPECT,
		"3:1: [Scope other] has no effect: nothing is in it ('Scope=other' in a [Workload] "
		"section puts something there)\n"},
	{"[Scope box]\nMemoryMax=9M\n" HOG EXPECT, ""},
	{"[Scope box]\nMemoryMax=9M\n[Scope other]\nMemoryMax=9M\n" HOG "Scope=bax\n" EXPECT,
		"8:7: 'Scope=': unknown scope 'bax', did you mean 'box'?\n"},
	/* what may be absent must be there to be so */
	{HOG "StartOptional=yes\n" EXPECT,
		"4:1: 'StartOptional=' has no effect without 'Start='\n"},
	{HOG "StartOptional=yes\nStart=1s\n" EXPECT, ""},
	{"[Scenario]\nUntilOptional=no\n" HOG EXPECT,
		"2:1: 'UntilOptional=' has no effect without 'Until='\n"},
	{"[Scenario]\nUntilOptional=yes\nUntil=hog ended\n" HOG EXPECT, ""},
	/* a time that the run does not live to see */
	{HOG "Start=1min\n" EXPECT,
		"4:7: 'Start=1min' has no effect: the run is ended after 1min ('Timeout=')\n"},
	{HOG "Start=59s\n" EXPECT, ""},
	{"[Scenario]\nTimeout=2s\n" HOG "[Fault f]\nType=signal\nWorkload=hog\nAt=2500ms\n" EXPECT,
		"9:4: 'At=2500ms' has no effect: the run is ended after 2s ('Timeout=')\n"},
	{"[Scenario]\nTimeout=2s\n" HOG "[Fault f]\nType=signal\nWorkload=hog\nAt=1s\n" EXPECT, ""},
	{"[Scenario]\nTimeout=2min\n" HOG "Start=1min\n" EXPECT, ""},
	/* a program of one's own touches what it likes, as often as it likes */
	{"[Workload w]\nType=exec\nCommand=true\nCount=3\n[Expect w]\nExitCode=0\n",
		"4:1: 'Count=' has no effect on a workload of type 'exec'\n"},
	{"[Workload w]\nType=stress-ng\nArgs=--vm 1\nRate=1M\nNice=3\n[Expect w]\nExitCode=0\n",
		"4:1: 'Rate=' has no effect on a workload of type 'stress-ng'\n"},
	{"[Workload w]\nType=exec\nCommand=true\nNice=3\nUser=nobody\n[Expect w]\nExitCode=0\n",
		""},
	{HOG "Count=3\nRate=1M\nHold=1s\n" EXPECT, ""},
	/* what a fault must be answered */
	{HOG "[Fault f]\nType=signal\nWorkload=hog\nAt=1s\nErrno=none|EAGAIN\nOptional=yes\n" EXPECT,
		""},
	{HOG "[Fault f]\nType=signal\nWorkload=hog\nAt=1s\nErrno=EAGIAN\n" EXPECT,
		"8:7: 'Errno=': 'EAGIAN' is not one of the 34 known words, did you mean 'EAGAIN'?\n"},
};

static void expect_row(size_t row)
{
	struct oom_diags diags = {0};
	struct oom_scenario *scenario = NULL;
	char got[2048] = "";
	size_t used = 0;

	oom_scenario_parse(oom_schema(), "x", "x.scenario", rows[row].text, strlen(rows[row].text),
		&diags, &scenario);
	for (size_t i = 0; i < diags.count && used < sizeof(got); i++)
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%u:%u: %s\n",
			diags.items[i].place.line, diags.items[i].place.col, diags.items[i].msg);
	cr_expect_str_eq(got, rows[row].mistakes, "row %zu: %s", row, got);
	cr_expect_eq(!scenario, diags.count > 0, "row %zu", row);
	oom_scenario_free(scenario);
	oom_diags_release(&diags);
}

Test(effect, what_has_none_is_a_mistake)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_row(i);
}
