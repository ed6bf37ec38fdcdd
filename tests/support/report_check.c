// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/report_check.h"
#include "lib/base/cleanup.h"
#include "tests/support/report_runs.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/types.h>

const struct report_run report_runs[] = {
	{"empty", run_empty},
	{"passing", run_passing},
	{"verdicts", run_verdicts},
	{"flat", run_flat},
	{"matrix", run_matrix},
	{"hostile", run_hostile},
	{NULL, NULL},
};

const struct report_variant report_variants[N_VARIANTS] = {
	[UTF8] = {"utf8", {.utf8 = true, .run_dir = "out"}},
	[ASCII_80] = {"ascii-80", {.width = 80, .run_dir = "out"}},
	[COLOR_120] = {"color-120", {.color = true, .utf8 = true, .width = 120, .run_dir = "out"}},
	[TO_FILE] = {"file", {.utf8 = true, .to_file = true}},
};

struct oom_run *report_run_make(const char *name)
{
	for (const struct report_run *r = report_runs; r->name; r++) {
		if (!strcmp(r->name, name))
			return r->make();
	}
	cr_assert_fail("no run '%s'", name);
	return NULL;
}

char *report_render(
	const struct oom_run *run, const char *format, const struct oom_report_options *options)
{
	const struct oom_report *report = oom_report_find(format);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out && report, "%s", format);
	cr_assert(!report->write(run, options, out), "%s", format);
	cr_assert(!fclose(out));
	cr_assert_eq(strlen(text), size, "%s holds a NUL", format);
	return text;
}

char *tool_says(const char *command, const char *text)
{
	char path[] = "/tmp/oomgate-test-XXXXXX", line[256];
	oom_autoclose int fd = mkstemp(path);
	char *said = NULL;
	size_t size = 0;
	FILE *pipe;

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(line, sizeof(line), "%s %s 2>&1 </dev/null", command, path);
	pipe = popen(line, "re");
	cr_assert(pipe, "%s", line);
	if (getdelim(&said, &size, EOF, pipe) < 0) {
		free(said);
		said = strdup("");
	}
	pclose(pipe);
	unlink(path);
	return said;
}
