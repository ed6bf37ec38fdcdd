// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* A source, read to its end. */
#include "harness/explain/read.h"

#include "harness/explain/parts.h"
#include "harness/explain/session.h"

/* What is left of the source, by one reader. */
static int read_rest(struct explain_session *s, const struct explain_source *source,
	const struct oom_klog_past *past, struct oom_klog_counts *counts)
{
	struct oom_klog *log;
	int rc = oom_klog_new(source->read, source->context, s->format->flags, &log);

	if (rc)
		return rc;
	oom_klog_part_begin(log, counts->lines + 1, past);
	rc = explain_session_read(s, log);
	explain_counts_add(counts, oom_klog_counts(log));
	oom_klog_free(log);
	return rc;
}

int explain_read(struct explain_session *s, const struct explain_source *source,
	struct oom_klog_counts *ret_counts)
{
	struct oom_klog_past past;
	off_t rest = 0;
	int rc;

	oom_klog_past_init(&past);
	if (source->plain_fd >= 0 && s->format->part_open) {
		rc = explain_read_parts(s, source->plain_fd, &past, ret_counts, &rest);
		if (rc)
			return rc < 0 ? rc : 0;
		if (rest)
			rc = source->seek(source->context, rest);
		if (rc)
			return rc;
	}
	return read_rest(s, source, rest ? &past : NULL, ret_counts);
}
