// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/report.h"

#include "lib/base/escape.h"

#include <errno.h>
#include <unistd.h>

/* DEL, and what the reader of a job's log takes for a command: in JSON they can only stand in a string,
 * where an escape may, too. */
static bool wants_escape(const char *p, const char *end)
{
	return *p == 0x7f || oom_begins_command(p, (size_t)(end - p));
}

/* jansson leaves them as they are; what it need not escape comes in one piece. */
static int put_escaped(void *data, const char *buffer, size_t size)
{
	const char *end = buffer + size, *from = buffer;
	FILE *out = data;

	for (const char *p = buffer; p < end; p++) {
		if (!wants_escape(p, end))
			continue;
		fwrite(from, 1, (size_t)(p - from), out);
		fprintf(out, "\\u%04x", (unsigned)*p);
		from = p + 1;
	}
	fwrite(from, 1, (size_t)(end - from), out);
	return ferror(out) ? -EIO : 0; /* the caller knows why */
}

/*
 * The record itself: what DIR/run.json holds. Keys stand in the record's order, because it is the
 * scenario's order of the workloads and units; ASCII only, so that no terminal is surprised.
 */
static int write_json(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	int r = oom_run_write_json(run, 2, true, put_escaped, out);

	(void)options;
	fputc('\n', out);
	return r;
}

const struct oom_report oom_report_json = {
	.name = "json",
	.help = "the whole record, as in run.json (schema oomgate.run/2)",
	.write = write_json,
};
