// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel-log reader: it sees the same kills where the text is read in one piece or in many, and every
 * answer can be ranked and made JSON. */
#include "lib/klog/klog.h"

#include "lib/base/arena.h"
#include "lib/oracle/badness.h"
#include "tests/support/fuzz.h"

#include <jansson.h>
#include <signal.h>

struct pieces {
	const uint8_t *data;
	size_t left, step;
};

static ssize_t read_pieces(void *context, char *buf, size_t size)
{
	struct pieces *pieces = context;
	size_t n = pieces->left < size ? pieces->left : size;

	if (n > pieces->step)
		n = pieces->step;
	if (n)
		memcpy(buf, pieces->data, n);
	pieces->data += n;
	pieces->left -= n;
	return (ssize_t)n;
}

static void use(const struct oom_incident *incident)
{
	struct oom_arena arena = {0};
	struct oom_kill kill = incident->kill, back;
	json_t *json;

	if (oom_badness_rank(&arena, &kill, 0) || oom_badness_explain(&arena, incident, &kill))
		abort();
	oom_badness_compare(incident, &kill);
	json = oom_kill_to_json(&kill);
	if (!json || oom_kill_from_json(&arena, json, &back))
		abort();
	json_decref(json);
	oom_arena_release(&arena);
}

static int64_t explain(const uint8_t *data, size_t size, size_t step, unsigned flags)
{
	struct pieces pieces = {data, size, step};
	const struct oom_incident *incident;
	struct oom_klog *log;
	int64_t kills = 0;
	int rc;

	if (oom_klog_new(read_pieces, &pieces, flags, &log))
		abort();
	while ((rc = oom_klog_next(log, &incident)) > 0) {
		if (!(flags & OOM_KLOG_BRIEF))
			use(incident);
		kills += rc == OOM_EVENT_KILL;
	}
	if (rc || oom_klog_counts(log)->bytes != (int64_t)size)
		abort();
	oom_klog_free(log);
	return kills;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t whole = explain(data, size, SIZE_MAX, 0);

	if (explain(data, size, 13, 0) != whole)
		abort();
	explain(data, size, SIZE_MAX, OOM_KLOG_BRIEF);
	return 0;
}
