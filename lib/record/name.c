// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/record.h"

#include <string.h>

/* The words of the record's enums, as run.json and the reports write them. */
static const char *const verdict_names[OOM_VERDICT_COUNT_] = {
	[OOM_PASS] = "pass",
	[OOM_FAIL] = "fail",
	[OOM_BROKEN] = "broken",
	[OOM_SKIPPED] = "skipped",
	[OOM_INCONCLUSIVE] = "inconclusive",
	[OOM_KNOWN] = "known",
};
static const char *const end_names[OOM_END_COUNT_] = {
	[OOM_END_NOT_STARTED] = "not-started",
	[OOM_END_EXITED] = "exited",
	[OOM_END_SIGNALLED] = "signalled",
	[OOM_END_SURVIVED] = "survived",
	[OOM_END_STUCK] = "stuck",
};
static const char *const state_names[OOM_SOURCE_COUNT_] = {
	[OOM_SOURCE_OK] = "ok",
	[OOM_SOURCE_ABSENT] = "absent",
	[OOM_SOURCE_LOST] = "lost",
};

static unsigned index_of(const char *const *names, unsigned count, const char *name)
{
	unsigned i = 0;

	while (i < count && strcmp(names[i], name))
		i++;
	return i;
}

const char *oom_verdict_name(enum oom_verdict verdict)
{
	return verdict < OOM_VERDICT_COUNT_ ? verdict_names[verdict] : NULL;
}

enum oom_verdict oom_verdict_from_name(const char *name)
{
	return (enum oom_verdict)index_of(verdict_names, OOM_VERDICT_COUNT_, name);
}

const char *oom_end_name(enum oom_end end)
{
	return end < OOM_END_COUNT_ ? end_names[end] : NULL;
}

enum oom_end oom_end_from_name(const char *name)
{
	return (enum oom_end)index_of(end_names, OOM_END_COUNT_, name);
}

const char *oom_source_state_name(enum oom_source_state state)
{
	return state < OOM_SOURCE_COUNT_ ? state_names[state] : NULL;
}

enum oom_source_state oom_source_state_from_name(const char *name)
{
	return (enum oom_source_state)index_of(state_names, OOM_SOURCE_COUNT_, name);
}
