// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/report.h"

#include <errno.h>
#include <string.h>

/* jansson leaves DEL as it is; in JSON it can only stand in a string, where an escape may, too. */
static int put_without_del(void *data, const char *text, size_t size)
{
	FILE *out = data;

	while (size) {
		const char *del = memchr(text, 0x7f, size);
		size_t len = del ? (size_t)(del - text) : size;

		fwrite(text, 1, len, out);
		if (del)
			fputs("\\u007f", out);
		len += del != NULL;
		text += len;
		size -= len;
	}
	return ferror(out) ? -EIO : 0; /* the caller knows why */
}

/*
 * The record itself: what DIR/run.json holds. Keys stand in the record's order, because it is the
 * scenario's order of the workloads and units; ASCII only, so that no terminal is surprised.
 */
static int write_json(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	int r = oom_run_write_json(run, 2, true, put_without_del, out);

	(void)options;
	fputc('\n', out);
	return r;
}

const struct oom_report oom_report_json = {
	.name = "json",
	.help = "the whole record, as in run.json (schema oomgate.run/1)",
	.write = write_json,
};
