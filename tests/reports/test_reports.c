// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/cleanup.h"
#include "reports/report.h"
#include "tests/support/report_check.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define GOLDEN_DIR "tests/data/reports"

static const struct {
	const char *run, *report;
	int variant;
} golden[] = {
	{"empty", "text", UTF8},
	{"passing", "text", UTF8},
	{"passing", "text", ASCII_80},
	{"passing", "text", COLOR_120},
	{"verdicts", "text", UTF8},
	{"verdicts", "text", ASCII_80},
	{"flat", "text", UTF8},
	{"matrix", "text", UTF8},
	{"matrix", "text", ASCII_80},
	{"matrix", "text", COLOR_120},
	{"hostile", "text", UTF8},
	{"hostile", "text", ASCII_80},
	{"empty", "tap", UTF8},
	{"verdicts", "tap", UTF8},
	{"matrix", "tap", UTF8},
	{"hostile", "tap", UTF8},
	{"hostile", "tap", ASCII_80},
	{"empty", "json", UTF8},
	{"verdicts", "json", UTF8},
	{"empty", "junit", UTF8},
	{"verdicts", "junit", UTF8},
	{"matrix", "junit", UTF8},
	{"hostile", "junit", UTF8},
	{"hostile", "junit", ASCII_80},
	{"verdicts", "lava", UTF8},
	{"matrix", "lava", UTF8},
	{"hostile", "lava", UTF8},
	{"empty", "github", UTF8},
	{"verdicts", "github", UTF8},
	{"verdicts", "github", ASCII_80},
	{"verdicts", "github", TO_FILE},
	{"matrix", "github", UTF8},
	{"hostile", "github", UTF8},
	{"empty", "html", UTF8},
	{"verdicts", "html", UTF8},
	{"matrix", "html", UTF8},
	{"hostile", "html", UTF8},
};

static char *file_read(const char *path)
{
	oom_autofclose FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, EOF, file) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Equal to the golden file, which UPDATE_GOLDEN=1 writes anew. */
static void golden_check(const char *path, const char *text)
{
	oom_autofree char *want = NULL;
	size_t at = 0;

	if (getenv("UPDATE_GOLDEN")) {
		oom_autofclose FILE *file = fopen(path, "we");

		cr_assert(file && fputs(text, file) >= 0, "%s", path);
		return;
	}
	want = file_read(path);
	cr_assert(want, "%s is missing: run it with UPDATE_GOLDEN=1 and look at it", path);
	while (text[at] && text[at] == want[at])
		at++;
	while (at && text[at - 1] != '\n')
		at--;
	cr_expect(!strcmp(text, want), "%s differs (UPDATE_GOLDEN=1 writes it):\n-%.200s\n+%.200s",
		path, want + at, text + at);
}

Test(reports, are_what_they_were)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct oom_run *run = report_run_make(golden[i].run);
		oom_autofree char *text = report_render(
			run, golden[i].report, &report_variants[golden[i].variant].options);
		char path[256];

		snprintf(path, sizeof(path), GOLDEN_DIR "/%s.%s.%s", golden[i].run,
			report_variants[golden[i].variant].name, golden[i].report);
		golden_check(path, text);
		oom_run_free(run);
	}
}

static int put_to(void *data, const char *text, size_t len)
{
	return fwrite(text, 1, len, data) == len ? 0 : -1;
}

/* The same run, but its attempts lie in a file and are read from there. */
static struct oom_run *through_a_file(const struct oom_run *run)
{
	char path[] = "/tmp/oomgate-test-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct oom_run *copy = NULL;
	struct oom_err err = {0};

	cr_assert(file);
	cr_assert(!oom_run_write_json(run, 1, false, put_to, file));
	cr_assert(!fclose(file));
	cr_assert(!oom_run_load_file(path, &err, &copy), "%s", err.msg);
	unlink(path);
	return copy;
}

Test(reports, are_the_same_of_attempts_in_a_file)
{
	for (const struct report_run *r = report_runs; r->name; r++) {
		struct oom_run *run = r->make(), *once = through_a_file(run),
			       *twice = through_a_file(once);

		cr_assert_eq(once->n_attempts, run->n_attempts);
		for (const struct oom_report *const *rep = oom_reports; *rep; rep++) {
			const struct oom_report_options *options = &report_variants[UTF8].options;
			oom_autofree char *whole = report_render(run, (*rep)->name, options);
			oom_autofree char *filed = report_render(once, (*rep)->name, options);
			oom_autofree char *again = report_render(twice, (*rep)->name, options);

			/* what is no UTF-8 is escaped in a file */
			cr_expect(!strcmp(r->name, "hostile") || !strcmp(whole, filed), "%s of %s",
				(*rep)->name, r->name);
			cr_expect_str_eq(filed, again, "%s of %s", (*rep)->name, r->name);
		}
		oom_run_free(run);
		oom_run_free(once);
		oom_run_free(twice);
	}
}

/* Only line feeds, and colours in the text report where they were asked for. */
static void clean_check(
	const char *text, const char *what, const struct oom_report_options *options)
{
	for (const char *c = text; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte == '\n' || (byte == '\033' && options->color && !strncmp(what, "text", 4)))
			continue;
		cr_assert(byte >= 0x20 && byte != 0x7f && (byte < 0x80 || options->utf8),
			"%s: \\x%02x in '%.40s'", what, byte, c);
	}
	/* C1, and the marks of direction */
	cr_expect(!strstr(text, "\xc2\x9b") && !strstr(text, "\xe2\x80\xae"), "%s", what);
}

Test(reports, no_control_character_gets_out)
{
	for (const struct report_run *r = report_runs; r->name; r++) {
		struct oom_run *run = r->make();

		for (size_t v = 0; v < N_VARIANTS; v++) {
			for (const struct oom_report *const *rep = oom_reports; *rep; rep++) {
				oom_autofree char *text = report_render(
					run, (*rep)->name, &report_variants[v].options);
				char what[64];

				snprintf(what, sizeof(what), "%s of %s, %s", (*rep)->name, r->name,
					report_variants[v].name);
				clean_check(text, what, &report_variants[v].options);
			}
		}
		oom_run_free(run);
	}
}

Test(reports, every_format_has_a_name_and_is_found)
{
	for (const struct oom_report *const *r = oom_reports; *r; r++) {
		cr_expect_eq(oom_report_find((*r)->name), *r);
		cr_expect((*r)->help && *(*r)->help);
	}
	cr_expect_null(oom_report_find("tex"));
	cr_expect_null(oom_report_find(""));
}

/* ---- the line of an attempt, and the status line ---------------------------------------- */

Test(line, says_what_happened)
{
	static const struct {
		const char *run;
		size_t attempt;
		struct oom_report_options options;
		const char *want;
	} rows[] = {
		{"verdicts", 0, {.utf8 = true},
			"pass  allocation/anon-over-cap        1.3s  hog killed by kernel-memcg at "
			"198.4M · neighbour survived\n"},
		{"verdicts", 0, {.width = 60, .name_width = 24},
			"pass  allocation/anon-over-cap    1.3s  hog killed by ker...\n"},
		{"verdicts", 1, {.color = true, .name_width = 24},
			"\033[1;31mfail\033[0m  memcg/neighbour-dies     \033[2m   2.1s\033[0m  "
			"neighbour: Survives wanted yes, observed no\n"},
		{"verdicts", 3, {.name_width = 24},
			"skipped  swap/in-use                0s  needs swap: none here\n"},
		{"verdicts", 4, {.name_width = 24},
			"inconclusive  memcg/log-storm       5s  kmsg lost 312 records\n"},
		{"matrix", 9, {.show_machine = true, .show_attempt = true},
			"fail  memcg/mlock on debian:trixie #1    1.1s  hog: KilledBy wanted "
			"kernel-memcg, observed nobody\n"},
		{"hostile", 0, {.name_width = 10},
			"fail  esc/\\x1b[2J\\x1b]0;owned\\x07name      1s  "
			"\\n::error::injected\\nnot ok 1 injected\\n\\x23#[error]x\n"},
		{"hostile", 3, {.utf8 = true, .width = 60},
			"pass  unicode/größe-日本語-🐏           1s  ho\\tg)\\nZ\\n\\x1b…\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_run *run = report_run_make(rows[i].run);
		oom_autofree char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		cr_assert(out);
		cr_assert(!oom_report_line(
			run->entries[rows[i].attempt].attempt, &rows[i].options, out));
		cr_assert(!fclose(out));
		cr_expect_str_eq(text, rows[i].want, "row %zu: %s", i, text);
		oom_run_free(run);
	}
}

Test(line, progress_fits_the_terminal)
{
	static const char *const running[] = {"memcg/x", "cow/y\033[2J"};
	static const struct {
		struct oom_report_progress progress;
		struct oom_report_options options;
		const char *want;
	} rows[] = {
		{{.total = 40}, {0}, "0/40"},
		{{.done = 12,
			 .total = 40,
			 .count = {[OOM_PASS] = 9, [OOM_FAIL] = 3},
			 .running = running,
			 .n_running = 2},
			{.utf8 = true}, "12/40 · 3 fail · running memcg/x, cow/y\\x1b[2J"},
		{{.done = 12, .total = 40, .running = running, .n_running = 2}, {.width = 20},
			"12/40; running me..."},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[256];

		cr_expect_str_eq(
			oom_report_progress(&rows[i].progress, &rows[i].options, buf, sizeof(buf)),
			rows[i].want, "row %zu: %s", i, buf);
	}
}

/* ---- KTAP -------------------------------------------------------------------------- */

#define KTAP_PARSE "python3 tests/ktap-parse"

Test(tap, a_strict_parser_takes_it)
{
	static const struct {
		const char *run, *sum;
	} rows[] = {
		{"empty", "0 tests: 0 ok, 0 not ok, 0 skipped, 0 subtests\n"},
		{"passing", "40 tests: 40 ok, 0 not ok, 0 skipped, 72 subtests\n"},
		{"verdicts", "7 tests: 3 ok, 3 not ok, 1 skipped, 13 subtests\n"},
		{"matrix", "24 tests: 17 ok, 4 not ok, 3 skipped, 47 subtests\n"},
		{"hostile", "6 tests: 2 ok, 4 not ok, 0 skipped, 12 subtests\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int v = UTF8; v <= ASCII_80; v++) {
			struct oom_run *run = report_run_make(rows[i].run);
			oom_autofree char *text =
				report_render(run, "tap", &report_variants[v].options);
			oom_autofree char *said = tool_says(KTAP_PARSE, text);

			cr_expect_str_eq(said, rows[i].sum, "%s: %s", rows[i].run, said);
			oom_run_free(run);
		}
	}
}

/* The parser is worth something only when it refuses. */
Test(tap, the_parser_refuses_what_is_wrong)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"TAP version 12\n1..0\n", "line 1: no version line\n"},
		{"KTAP version 1\nok 1 x\n", "line 2: no plan\n"},
		{"KTAP version 1\n1..2\nok 1 x\n", "line 3: 1 of 2 tests\n"},
		{"KTAP version 1\n1..1\nok 2 x\n", "line 3: number 2, not 1\n"},
		{"KTAP version 1\n1..1\nok 1 x\nok 2 y\n", "line 4: more than 1 tests\n"},
		{"KTAP version 1\n1..1\n    KTAP version 1\n",
			"line 3: neither a result nor a diagnostic\n"},
		{"KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 x\n",
			"line 6: ok, with a subtest that is not\n"},
		{"KTAP version 1\n1..1\n  KTAP version 1\n  1..1\nok 1 x\n",
			"line 5: 0 of 1 tests\n"},
		{"KTAP version 1\n1..1\nok 1 x # FIXME y\n", "line 3: directive 'FIXME'\n"},
		{"KTAP version 1\n1..1\nok 1 x # ERROR y\n", "line 3: ok with ERROR\n"},
		{"KTAP version 1\n1..1\nhello\nok 1 x\n",
			"line 3: neither a result nor a diagnostic\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		oom_autofree char *said = tool_says(KTAP_PARSE, rows[i].text);

		cr_expect_str_eq(said, rows[i].said, "row %zu: %s", i, said);
	}
}
