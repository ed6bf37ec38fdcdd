// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/report.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static void decref_cleanup(json_t **json)
{
	json_decref(*json);
}

/* jansson leaves DEL as it is; in JSON it can only stand in a string, where an escape may, too. */
static int put_without_del(const char *buffer, size_t size, void *data)
{
	FILE *out = data;

	while (size) {
		const char *del = memchr(buffer, 0x7f, size);
		size_t len = del ? (size_t)(del - buffer) : size;

		fwrite(buffer, 1, len, out);
		if (del)
			fputs("\\u007f", out);
		len += del != NULL;
		buffer += len;
		size -= len;
	}
	return 0; /* the caller looks at ferror() */
}

/*
 * The record itself: what DIR/run.json holds. Keys stand in the record's order, because it is the
 * scenario's order of the workloads and units; ASCII only, so that no terminal is surprised.
 */
static int write_json(
	const struct oom_run *run, const struct oom_report_options *options, FILE *out)
{
	oom_cleanup(decref_cleanup) json_t *json = oom_run_to_json(run);

	(void)options;
	if (!json || json_dump_callback(
			     json, put_without_del, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
		return -ENOMEM;
	fputc('\n', out);
	return 0;
}

const struct oom_report oom_report_json = {
	.name = "json",
	.help = "the whole record, as in run.json (schema oomgate.run/1)",
	.write = write_json,
};
