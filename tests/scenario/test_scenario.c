// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/exec_line.h"
#include "lib/scenario/scenario.h"
#include "tests/support/scenario_schema.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char whole[] = "\xef\xbb\xbf# SPDX-License-Identifier: LGPL-2.1-or-later\n"
			    "\n"
			    "#  A hog is killed, the neighbour lives on.  \r\n"
			    "# not the title\n"
			    "[Scenario]\n"
			    "Tags = memcg   smoke\n"
			    "Needs=kernel>=6.1 swap\n"
			    "KnownIssue=see elsewhere until 2027-01-31\n"
			    "; a comment\n"
			    "[Sysctl]\n"
			    "vm.overcommit_memory=2\n"
			    "[Slice outer]\n"
			    "MemoryMax=50%\n"
			    "[Slice inner]\n"
			    "Slice=outer\n"
			    "[Scope box]\n"
			    "Slice=inner\n"
			    "MemoryMax=200M\n"
			    "MemorySwapMax=0\n"
			    "[Service guard]\n"
			    "ExecStart=/bin/guard --why \\\n"
			    "   # in between\n"
			    "   \"to see\"\n"
			    "Slice=system.slice\n"
			    "[File /etc/x.conf]\n"
			    "Content=[X]\n"
			    "Content=\\sa\\tb\\\\\n"
			    "Content=one\\ntwo\n"
			    "[Workload hog]\n"
			    "Type=anon\n"
			    "Size=400M\n"
			    "Start=neighbour started\n"
			    "[Workload neighbour]\n"
			    "Type=idle\n"
			    "Size=16M\n"
			    "OOMScoreAdjust=-1000\n"
			    "[Fault squeeze]\n"
			    "Type=limit\n"
			    "Scope=box\n"
			    "When=hog reached 50%\n"
			    "[Expect]\n"
			    "OOMKills=1\n"
			    "Victim=hog\n"
			    "[Expect hog]\n"
			    "ExitCode=137\n"
			    "[Expect box]\n"
			    "Event.oom_kill=1..\n"
			    "Result=oom-kill|signal";

static struct oom_scenario *parse(const char *text)
{
	struct oom_diags diags = {0};
	struct oom_scenario *scenario = NULL;
	int r = oom_scenario_parse(
		&test_schema, "topic/name", "x.scenario", text, strlen(text), &diags, &scenario);

	for (size_t i = 0; i < diags.count; i++)
		cr_expect(0, "%u:%u: %s", diags.items[i].place.line, diags.items[i].place.col,
			diags.items[i].msg);
	cr_assert_eq(r, 0);
	oom_diags_release(&diags);
	return scenario;
}

Test(scenario, is_read_whole)
{
	struct oom_scenario *s = parse(whole);
	const struct oom_section *section;
	size_t count;

	cr_expect_str_eq(s->id, "topic/name");
	cr_expect_str_eq(s->title, "A hog is killed, the neighbour lives on.");
	cr_expect_str_eq(s->text, whole);
	cr_expect_eq(oom_scenario_count(s, OOM_SEC_WORKLOAD), 2);
	section = oom_scenario_section(s, OOM_SEC_SCENARIO, NULL);
	cr_expect_str_eq(oom_section_words(section, "Tags", &count)[1], "smoke");
	cr_expect_eq(count, 2);
	cr_expect_str_eq(oom_section_text(oom_scenario_section(s, OOM_SEC_SYSCTL, NULL),
				 "vm.overcommit_memory", ""),
		"2");
	section = oom_scenario_section(s, OOM_SEC_SERVICE, "guard");
	cr_expect_str_eq(
		oom_section_get(section, "ExecStart")->value.exec.items[0].argv[2], "to see");
	section = oom_scenario_section(s, OOM_SEC_FILE, "/etc/x.conf");
	cr_expect_str_eq(oom_section_text(section, "Content", ""), "[X]\n a\tb\\\none\ntwo\n");
	section = oom_scenario_section(s, OOM_SEC_WORKLOAD, "hog");
	cr_expect_eq(oom_section_size(section, "Size", 0, 0), 400 << 20);
	cr_expect_eq(section->type, test_schema.workloads[0]);
	cr_expect_str_eq(oom_section_get(section, "Start")->value.when.subject, "neighbour");
	cr_expect_eq(oom_scenario_section(s, OOM_SEC_EXPECT, "")->about, OOM_ABOUT_RUN);
	cr_expect_eq(oom_scenario_section(s, OOM_SEC_EXPECT, "hog")->about, OOM_ABOUT_WORKLOAD);
	section = oom_scenario_section(s, OOM_SEC_EXPECT, "box");
	cr_expect_eq(section->about, OOM_ABOUT_UNIT);
	cr_expect_str_eq(oom_section_get(section, "Event.oom_kill")->key->name, "Event.");
	cr_expect_null(oom_scenario_section(s, OOM_SEC_SCOPE, "hog"));
	oom_scenario_free(s);
}

Test(scenario, defaults_are_there_and_marked)
{
	struct oom_scenario *s = parse(whole);
	const struct oom_section *scope = oom_scenario_section(s, OOM_SEC_SCOPE, "box");
	const struct oom_section *hog = oom_scenario_section(s, OOM_SEC_WORKLOAD, "hog");
	const struct oom_section *machine = oom_scenario_section(s, OOM_SEC_MACHINE, NULL);

	cr_expect_str_eq(oom_section_text(scope, "OOMPolicy", ""), "continue");
	cr_expect(oom_section_get(scope, "OOMPolicy")->is_default);
	cr_expect_not(oom_section_get(scope, "MemoryMax")->is_default);
	cr_expect_null(
		oom_section_get(oom_scenario_section(s, OOM_SEC_SLICE, "inner"), "OOMPolicy"));
	cr_expect_str_eq(oom_section_text(hog, "Scope", ""), "box");
	cr_expect_str_eq(oom_section_text(hog, "Touch", ""), "write");
	cr_expect_eq(oom_section_int(hog, "Count", 0), 1);
	cr_expect_eq(
		oom_section_usec(oom_scenario_section(s, OOM_SEC_SCENARIO, NULL), "Timeout", 0),
		60000000);
	cr_expect_eq(oom_section_size(machine, "Memory", 0, 0), 512 << 20);
	cr_expect(oom_section_get(machine, "Memory")->is_default);
	cr_expect_null(oom_section_get(hog, "Rate"));
	cr_expect_eq(oom_section_size(hog, "Rate", 0, 7), 7);
	cr_expect_eq(oom_section_int(hog, "Touch", 7), 7, "a word is no number");
	cr_expect_eq(oom_section_bool(NULL, "Any", true), true);
	oom_scenario_free(s);
}

static char *printed(const struct oom_scenario *scenario)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_assert_eq(oom_scenario_print(scenario, out), 0);
	fclose(out);
	return text;
}

Test(scenario, what_is_printed_reads_the_same)
{
	static const char *const rows[] = {
		whole,
		"[Workload a]\nType=anon\nSize=1M\n[Expect]\nOOMKills=0\n",
		"# !t\n[File /f]\nContent=\nContent=\\s\\s x \\s\nContent=\\n\\n\n"
		"[Workload a]\nType=anon\nSize=1M\n[Expect]\nOOMKills=0\n",
		"[Scenario]\nDescription=a\\\\\n[Workload a]\nType=anon\nSize=1M\n[Expect]\nOOMKills=0\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_scenario *first = parse(rows[i]), *second;
		char *once = printed(first), *twice;

		second = parse(once);
		twice = printed(second);
		cr_expect_str_eq(once, twice);
		cr_expect_eq(first->n_sections, second->n_sections);
		for (size_t j = 0; j < first->n_sections; j++)
			cr_expect_eq(first->sections[j].n_settings, second->sections[j].n_settings);
		free(once);
		free(twice);
		oom_scenario_free(first);
		oom_scenario_free(second);
	}
}

Test(scenario, a_file_that_cannot_be_read_is_a_mistake)
{
	static const struct {
		const char *path, *msg;
	} rows[] = {
		{"/nonexistent/x.scenario", "cannot read the file: No such file or directory"},
		{"/", "cannot read the file: Is a directory"},
		{"/dev/null", "cannot read the file: it is not a regular file"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_scenario *scenario = NULL;
		struct oom_diags diags = {0};

		cr_expect_eq(oom_scenario_load(&test_schema, "x", rows[i].path, &diags, &scenario),
			-EBADMSG);
		cr_assert_eq(diags.count, 1);
		cr_expect_str_eq(diags.items[0].msg, rows[i].msg);
		cr_expect_str_eq(diags.items[0].path, rows[i].path);
		cr_expect_null(scenario);
		oom_diags_release(&diags);
	}
}

Test(scenario, known_issues_end_on_a_real_day)
{
	static const struct {
		const char *text;
		int64_t end; /* -1: -EINVAL */
	} rows[] = {
		{"x until 2027-01-31", 1801440000},
		{"until x until 1970-01-01", 86400},
		{"x until 2028-02-29", 1835481600},
		{"x until 2027-02-29", -1},
		{"x until 2027-13-01", -1},
		{"x until 2027-1-31", -1},
		{"x until 2027-01-31 ", -1},
		{"until 2027-01-31", -1},
		{" until 2027-01-31", -1},
		{"x", -1},
		{"", -1},
		{"x until tomorrow", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t end = -1;
		int r = oom_known_issue_end(rows[i].text, &end);

		cr_expect_eq(r, rows[i].end == -1 ? -EINVAL : 0, "'%s'", rows[i].text);
		cr_expect_eq(end, rows[i].end, "'%s': %ld", rows[i].text, (long)end);
	}
}
