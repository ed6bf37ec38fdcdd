// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "tests/support/report_check.h"
#include "tests/support/report_runs.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <string.h>

/* Formats that others read: held against those others' rules. */

static char *make_and_render(const char *run_name, const char *format, int variant)
{
	struct oom_run *run = report_run_make(run_name);
	char *text = report_render(run, format, &report_variants[variant].options);

	oom_run_free(run);
	return text;
}

Test(formats, xml_is_well_formed)
{
	static const char *const formats[] = {"junit", "html"};

	for (const struct report_run *r = report_runs; r->name; r++) {
		for (size_t f = 0; f < 2; f++) {
			for (int v = 0; v < N_VARIANTS; v++) {
				oom_autofree char *text = make_and_render(r->name, formats[f], v);
				oom_autofree char *said =
					tool_says("xmllint --nonet --noout", text);

				cr_expect_str_eq(
					said, "", "%s of %s: %.300s", formats[f], r->name, said);
			}
		}
	}
}

Test(formats, the_xml_check_can_fail)
{
	oom_autofree char *said = tool_says("xmllint --nonet --noout", "<a>&nbsp;\x1b</a>");

	cr_expect(strlen(said) > 0);
}

/* The sums of a suite are those of its cases, and hostile text comes back as it was escaped. */
Test(formats, junit_says_to_a_reader)
{
	static const struct {
		const char *run, *xpath, *said;
	} rows[] = {
		{"verdicts", "count(//testcase)", "7\n"},
		{"verdicts", "sum(//testsuite/@tests)", "7\n"},
		{"verdicts", "count(//failure)=sum(//testsuite/@failures)", "true\n"},
		{"verdicts", "count(//error)=sum(//testsuite/@errors)", "true\n"},
		{"verdicts", "count(//skipped)=number(/testsuites/@skipped)", "true\n"},
		{"matrix", "count(//testsuite)", "6\n"},
		{"matrix", "string(//testsuite[4]/testcase[4]/failure/@message)",
			"hog: KilledBy wanted kernel-memcg, observed nobody\n"},
		{"hostile", "string((//testcase)[2]/@name)", "a>]]>\n"},
		{"hostile", "string((//testcase)[4]/@name)", "größe-日本語-🐏\n"},
		{"empty", "count(//*)", "1\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int v = UTF8; v <= ASCII_80; v++) {
			oom_autofree char *text = make_and_render(rows[i].run, "junit", v);
			oom_autofree char *said = NULL;
			char command[200];

			snprintf(command, sizeof(command), "xmllint --nonet --xpath '%s'",
				rows[i].xpath);
			said = tool_says(command, text);
			cr_expect_str_eq(said, rows[i].said, "%s: %s", rows[i].xpath, said);
		}
	}
}

/* Each line that @pattern (extended) does not match fails. Returns the number of lines. */
static size_t lines_match(char *text, const char *pattern)
{
	size_t n = 0;
	char *save;
	regex_t regex;

	cr_assert(!regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB));
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save), n++)
		cr_expect(!regexec(&regex, line, 0, NULL, 0), "'%s' does not match", line);
	regfree(&regex);
	return n;
}

Test(formats, lava_lines_are_signals)
{
	static const struct {
		const char *run;
		size_t lines;
	} rows[] = {{"empty", 0}, {"verdicts", 20}, {"matrix", 78}, {"hostile", 18}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		oom_autofree char *text = make_and_render(rows[i].run, "lava", UTF8);

		cr_expect_eq(lines_match(text,
				     "^<LAVA_SIGNAL_(TESTCASE TEST_CASE_ID=[A-Za-z0-9._-]+ "
				     "RESULT=(pass|fail|skip|unknown)( UNITS=seconds "
				     "MEASUREMENT=[0-9]+\\.[0-9]{6})?"
				     "|TESTSET (START [A-Za-z0-9._-]+|STOP))>$"),
			rows[i].lines, "%s", rows[i].run);
	}
}

Test(formats, github_commands_are_only_ours)
{
	static const struct {
		const char *run;
		int variant;
		size_t commands;
	} rows[] = {
		{"verdicts", UTF8, 4},
		{"verdicts", TO_FILE, 0},
		{"matrix", UTF8, 2}, /* attempts that end alike are told once */
		{"hostile", UTF8, 4},
		{"passing", UTF8, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		oom_autofree char *text = make_and_render(rows[i].run, "github", rows[i].variant);
		size_t commands = 0;
		char *save;

		for (char *line = strtok_r(text, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save)) {
			if (!strncmp(line, "::", 2)) {
				cr_expect(!strncmp(line, "::error file=scenarios/", 23) ||
						!strncmp(line, "::notice file=scenarios/", 24),
					"%s", line);
				commands++;
			} else { /* the runner's old commands may stand anywhere in a line */
				cr_expect(!strstr(line, "##["), "%s", line);
			}
		}
		cr_expect_eq(commands, rows[i].commands, "%s: %zu", rows[i].run, commands);
	}
}

/* The head of a report tells what the guests that ran had. */
Test(formats, the_memory_is_that_of_the_guests)
{
	static const struct {
		int64_t memory_bytes[2], cpus[2];
		const char *says;
	} rows[] = {
		{{-1, -1}, {-1, -1}, " · 512M · 2 CPUs\n"}, /* an old record */
		{{1 << 30, 1 << 30}, {1, 1}, " · 1G · 1 CPU\n"},
		{{1 << 30, -1}, {4, -1}, " · 1G · 4 CPUs\n"},
		{{1 << 30, 256 << 20}, {1, 1}, " · 256M to 1G by scenario · 1 CPU\n"},
		{{256 << 20, 256 << 20}, {4, 1}, " · 256M · 1 to 4 CPUs by scenario\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_report_options options = {.utf8 = true};
		struct oom_run *run = run_verdicts();
		oom_autofree char *text = NULL;

		for (size_t a = 0; a < 2; a++) {
			run->entries[a].attempt->memory_bytes = rows[i].memory_bytes[a];
			run->entries[a].attempt->cpus = rows[i].cpus[a];
		}
		text = report_render(run, "text", &options);
		cr_expect(strstr(text, rows[i].says), "row %zu: no '%s' in %.300s", i, rows[i].says,
			text);
		oom_run_free(run);
	}
}

/* Where an annotation points: each row is one attempt. */
Test(formats, github_names_file_and_line)
{
	static const struct {
		const char *file, *workspace;
		int64_t lines[2]; /* of the expectations that failed; -1: those that held */
		enum oom_end end;
		const char *says;
	} rows[] = {
		{"a/b.scenario", NULL, {21, -1}, OOM_END_EXITED,
			"file=a/b.scenario,line=21,title="},
		{"a/b.scenario", NULL, {-1, 22}, OOM_END_EXITED,
			"file=a/b.scenario,line=22,title="},
		{"a/b.scenario", NULL, {21, 22}, OOM_END_EXITED,
			"file=a/b.scenario,line=21,title="},
		{"a/b.scenario", NULL, {-1, -1}, OOM_END_STUCK, "file=a/b.scenario,line=4,title="},
		{"a/b.scenario", NULL, {-1, -1}, OOM_END_EXITED, "file=a/b.scenario,line=1,title="},
		{"/w/a.scenario", "/w", {21, -1}, OOM_END_EXITED, "file=a.scenario,line=21,"},
		{"/w/a.scenario", "/w/", {21, -1}, OOM_END_EXITED, "file=a.scenario,line=21,"},
		{"/w2/a.scenario", "/w", {21, -1}, OOM_END_EXITED, "file=/w2/a.scenario,line=21,"},
		{"a,line=9::x\n::error::y", NULL, {21, -1}, OOM_END_EXITED,
			"file=a%2Cline=9%3A%3Ax\\n%3A%3Aerror%3A%3Ay,line=21,"},
		{NULL, "/w", {21, -1}, OOM_END_EXITED, "::error title="},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_report_options options = {.utf8 = true, .workspace = rows[i].workspace};
		struct oom_run *run = run_flat();
		struct oom_attempt *a = run->entries[0].attempt;
		oom_autofree char *text = NULL;

		a->verdict = OOM_FAIL;
		a->scenario_file = rows[i].file;
		a->workloads[0].end = rows[i].end;
		for (size_t e = 0; e < 2; e++) {
			if (rows[i].lines[e] < 0)
				continue;
			a->expects[e].verdict = OOM_FAIL;
			a->expects[e].line = rows[i].lines[e];
		}
		text = report_render(run, "github", &options);
		cr_expect(strstr(text, rows[i].says), "row %zu: no '%s' in %.200s", i, rows[i].says,
			text);
		oom_run_free(run);
	}
}

/* One file that opens anywhere: nothing is fetched, nothing is run. */
Test(formats, html_refers_to_nothing_outside)
{
	static const char *const never[] = {"<script", "<link", "<img", "<iframe", "src=", "url(",
		"@import", "http:", "https:"};

	for (const struct report_run *r = report_runs; r->name; r++) {
		oom_autofree char *text = make_and_render(r->name, "html", UTF8);

		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			cr_expect(!strstr(text, never[i]), "%s: %s", r->name, never[i]);
		for (const char *at = text; (at = strstr(at, " href=\"")); at++)
			cr_expect(at[7] == '#', "%s: %.40s", r->name, at);
	}
}

/* Each link of the matrix leads somewhere. */
Test(formats, html_links_have_targets)
{
	oom_autofree char *text = make_and_render("matrix", "html", UTF8);
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, " href=\"#")); at++, n++) {
		char target[64];

		snprintf(
			target, sizeof(target), " id=\"%.*s\"", (int)strcspn(at + 8, "\""), at + 8);
		cr_expect(strstr(text, target), "%s", target);
	}
	cr_expect_eq(n, 8);
}
