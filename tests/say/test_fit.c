// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/say/fit.h"
#include "lib/base/cleanup.h"
#include "reports/escape.h"
#include "tests/support/report_check.h"
#include "tests/support/report_runs.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* The columns of the longest line. */
static size_t longest_line(char *text)
{
	oom_with_utf8(locale);
	size_t longest = 0;
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t columns;

		for (char *end = line + strlen(line); end > line && end[-1] == ' '; end--)
			end[-1] = '\0';
		columns = oom_text_columns(line);
		longest = columns > longest ? columns : longest;
	}
	return longest;
}

/* The letters and digits of column texts, in order: what is left when lines are broken. */
static void squeeze(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++)
		if (isalnum((unsigned char)*in))
			*out++ = *in;
	*out = '\0';
}

static const struct {
	const char *cells[3];
	size_t columns, least, most; /* of the longest line */
} a_table_is_as_wide_as_it_may_be_rows[] = {
	{{"name", "a", "few words"}, 80, 16, 16}, /* nothing is broken without need */
	{{"name", "a", "many words that go on and on and on until the line is full and more"}, 60,
		50, 60},
	{{"name", "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve", "words"}, 50,
		40, 50},
	{{"name", "/a/path/that/has/no/blanks/at/all/but/parts/and/more/parts", "words and words"},
		50, 35, 50},
	{{"name", "awordthathasnoplacewhereitcouldbebrokenatallandisverylong", "words and words"},
		50, 35, 50},
	{{"alongnamethatisnotbrokenbeforetheothersare", "some more words here", "and these words"},
		60, 50, 60},
	{{"alongnamethatisbrokenwhenthereisnootherwayatall", "x", "y"}, 30, 20, 30},
	{{"n", "x", "größe größe größe größe größe größe größe größe größe größe"}, 40, 30, 40},
};

Test(fit, a_table_is_as_wide_as_it_may_be)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	setlocale(LC_ALL, "");
	for (size_t i = 0; i < sizeof(a_table_is_as_wide_as_it_may_be_rows) /
			sizeof(a_table_is_as_wide_as_it_may_be_rows[0]);
		i++) {
		struct libscols_table *table = scols_new_table();
		struct libscols_line *line;
		oom_autofree char *text = NULL;
		size_t longest;

		for (size_t c = 0; c < 3; c++)
			scols_table_new_column(table, c == 0 ? "NAME" : "C", 0, 0);
		line = scols_table_new_line(table, NULL);
		for (size_t c = 0; c < 3; c++)
			scols_line_set_data(
				line, c, a_table_is_as_wide_as_it_may_be_rows[i].cells[c]);
		oom_fit_table(table, a_table_is_as_wide_as_it_may_be_rows[i].columns);
		cr_assert_eq(scols_print_table_to_string(table, &text), 0);
		longest = longest_line(text);
		cr_expect(longest >= a_table_is_as_wide_as_it_may_be_rows[i].least &&
				longest <= a_table_is_as_wide_as_it_may_be_rows[i].most,
			"row %zu: %zu columns", i, longest);
		for (size_t c = 0; c < 3; c++) {
			char want[256], have[256];

			snprintf(want, sizeof(want), "%s",
				a_table_is_as_wide_as_it_may_be_rows[i].cells[c]);
			snprintf(have, sizeof(have), "%s",
				scols_cell_get_data(scols_line_get_cell(line, c)));
			squeeze(want);
			squeeze(have);
			cr_expect_str_eq(have, want, "row %zu: a cell has lost something", i);
		}
		scols_unref_table(table);
	}
}

Test(fit, numbers_are_never_broken)
{
	struct libscols_table *table = scols_new_table();
	oom_autofree char *text = NULL;
	struct libscols_line *line;

	scols_table_new_column(table, "NUMBER", 0, SCOLS_FL_RIGHT);
	scols_table_new_column(table, "WHAT", 0, 0);
	line = scols_table_new_line(table, NULL);
	scols_line_set_data(line, 0, "12345678901234567890");
	scols_line_set_data(line, 1, "words that have to go to another line");
	oom_fit_table(table, 32);
	cr_assert_eq(scols_print_table_to_string(table, &text), 0);
	cr_expect(strstr(text, "12345678901234567890"), "%s", text);
	scols_unref_table(table);
}

/* Everything that the program prints as a table, as it comes out of a pipe. */
Test(fit, every_table_fits)
{
	static const char *const commands[] = {"list", "list scenarios", "list workloads",
		"list faults", "list expectations", "list needs", "list sections", "list keys",
		"list properties", "list formats", "list places", "list images", "list commands",
		"image list", "doctor", "rank"};
	static const struct {
		const char *columns;
		size_t most;
	} rows[] = {{"", 132}, {"COLUMNS=120 ", 120}, {"COLUMNS=80 ", 80}};

	char buf[64];
	const char *cache = scratch_dir(buf), *program = getenv("OOMGATE_TEST_PROGRAM");

	cr_assert_not_null(cache);
	for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			bool may_be_empty = strstr(commands[c], "image") != NULL;
			static char text[1 << 18];
			char command[256];
			size_t size, longest;
			FILE *pipe;

			snprintf(command, sizeof(command),
				"unset COLUMNS; OOMGATE_CACHE=%s %s%s %s 2>&1", cache,
				rows[i].columns, program ? program : "build/oomgate", commands[c]);
			pipe = popen(command, "r");
			cr_assert_not_null(pipe);
			size = fread(text, 1, sizeof(text) - 1, pipe);
			text[size] = '\0';
			cr_expect_eq(pclose(pipe), 0, "%s: %.200s", command, text);
			longest = longest_line(text);
			cr_expect((longest > 10 || may_be_empty) && longest <= rows[i].most,
				"'%s%s' has a line of %zu columns", rows[i].columns, commands[c],
				longest);
		}
	}
	scratch_remove(cache);
}

/* A story that no line holds, and a name that leaves it no room. */
static struct oom_run *run_wordy(void)
{
	struct oom_run *run = run_passing();
	struct oom_attempt *a = run->entries[3].attempt;

	for (int w = 0; w < 6; w++)
		*oom_attempt_add_workload(a) =
			(struct oom_workload_rec){.name = w == 5 ? "the-last" : "worker",
				.end = OOM_END_SIGNALLED,
				.killed_by = OOM_KILLER_KERNEL_MEMCG,
				.signal = 9,
				.reached_bytes = 64 << 20};
	a->scenario =
		"allocation/a-name-that-is-longer-than-what-anybody-would-give-to-a-scenario-the-end";
	return run;
}

/* The same on machines that it has no columns for. */
static struct oom_run *run_wide(void)
{
	struct oom_run *run = run_wordy();

	for (size_t i = 0; i < run->n_attempts; i++)
		run->entries[i].attempt->machine = i % 5 == 1 ? "debian:bullseye"
			: i % 5 == 2			      ? "debian:trixie"
			: i % 5 == 3 ? "kernel=/boot/vmlinuz-6.12,image=debian:bookworm"
				     : "debian:bookworm";
	return run;
}

/* A run's head and its table of scenarios or matrix: cut on a terminal, broken in a pipe. */
Test(fit, the_tables_of_a_run_fit)
{
	static const struct {
		unsigned width, wrap;
		size_t most;
		bool whole; /* is everything there? */
	} rows[] = {{0, 0, 1000, true}, {0, 132, 132, true}, {0, 100, 100, true},
		{80, 132, 80, false}, {120, 132, 120, false}};
	static struct oom_run *(*const runs[])(void) = {
		run_wordy, run_wide, run_matrix, run_hostile};

	for (size_t r = 0; r < sizeof(runs) / sizeof(runs[0]); r++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct oom_report_options options = {
				.utf8 = true, .width = rows[i].width, .wrap = rows[i].wrap};
			struct oom_run *run = runs[r]();
			oom_autofree char *text = report_render(run, "text", &options);
			char *head = strstr(text, "\n\n"),
			     *table = head ? strstr(head + 2, "\n\n") : NULL;
			size_t longest;

			cr_assert(table);
			*table = '\0'; /* sentences follow */
			if (r < 2)
				cr_expect_eq(strstr(text, "the-last") != NULL, rows[i].whole,
					"run %zu, row %zu", r, i);
			longest = longest_line(text);
			cr_expect(longest <= rows[i].most,
				"run %zu, row %zu: a line of %zu columns", r, i, longest);
			oom_run_free(run);
		}
	}
}
