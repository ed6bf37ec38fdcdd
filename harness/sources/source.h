/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SOURCE_H
#define OOM_SOURCE_H

#include "harness/state/state.h"

/*
 * A source of evidence is one const struct at the end of its own file in sources/ and one line in
 * sources.def. open() runs after the units are there and before any workload is: it allocates all it
 * will need, and sets slot->watch.fd when there is something to wait for. A source that is not to be
 * had on this machine says so in the slot (state ABSENT and note) and returns 0: what that costs is
 * for the expectations to say.
 */
struct oom_source {
	const char *name, *help;
	const char *const *provides; /* names in the record, NULL at the end; NULL: .name alone */
	uint32_t epoll_events;
	int (*open)(struct oom_source_slot *slot, struct oom_err *err);
	void (*ready)(struct oom_source_slot *slot); /* in mid-run: allocates nothing */
	/* After the run: into the record. Raw evidence goes to run->evidence_dir. */
	int (*collect)(struct oom_source_slot *slot, struct oom_attempt *record);
	void (*close)(struct oom_source_slot *slot); /* also after a failed open() */
};

#define SOURCE(ident) extern const struct oom_source oom_source_##ident;
#include "harness/sources/sources.def"
#undef SOURCE

extern const struct oom_source *const oom_sources[]; /* NULL at the end */

int oom_sources_open(struct oom_run_state *run, struct oom_err *err);
int oom_sources_collect(struct oom_run_state *run, struct oom_attempt *record);
void oom_sources_close(struct oom_run_state *run);

#endif
