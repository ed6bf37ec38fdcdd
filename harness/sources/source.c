// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static void source_ready(struct oom_watch *watch, uint32_t events)
{
	struct oom_source_slot *slot = watch->data;

	(void)events;
	slot->source->ready(slot);
}

int oom_sources_open(struct oom_run_state *run, struct oom_err *err)
{
	size_t n = 0;

	while (oom_sources[n])
		n++;
	run->sources = oom_arena_alloc(&run->arena, n * sizeof(*run->sources));
	if (!run->sources)
		return oom_err_set(err, ENOMEM, "no memory for the sources of evidence");
	for (size_t i = 0; i < n; i++) {
		struct oom_source_slot *slot = &run->sources[i];
		int r;

		*slot = (struct oom_source_slot){
			.source = oom_sources[i], .run = run, .watch.fd = -1};
		run->n_sources++;
		r = slot->source->open(slot, err);
		if (r < 0)
			return r;
		if (slot->watch.fd < 0)
			continue;
		slot->watch.ready = source_ready;
		slot->watch.data = slot;
		r = oom_loop_add(&run->loop, &slot->watch, slot->source->epoll_events);
		if (r < 0)
			return oom_err_errno(err, -r, "cannot wait for '%s'", slot->source->name);
	}
	return 0;
}

static int record_source(
	const struct oom_source_slot *slot, const char *name, struct oom_attempt *record)
{
	struct oom_source_rec *rec = oom_attempt_add_source(record);

	if (!rec)
		return -ENOMEM;
	rec->name = name;
	rec->state = slot->state;
	rec->records = slot->records;
	rec->lost = slot->lost;
	rec->note = slot->note[0] ? oom_arena_strdup(&record->arena, slot->note) : NULL;
	return 0;
}

int oom_sources_collect(struct oom_run_state *run, struct oom_attempt *record)
{
	for (size_t i = 0; i < run->n_sources; i++) {
		struct oom_source_slot *slot = &run->sources[i];
		const char *const own[] = {slot->source->name, NULL};
		const char *const *names = slot->source->provides ? slot->source->provides : own;
		int r = 0;

		if (slot->state != OOM_SOURCE_ABSENT)
			r = slot->source->collect(slot, record);
		if (r < 0 && r != -ENOMEM) {
			slot->state = OOM_SOURCE_LOST;
			snprintf(
				slot->note, sizeof(slot->note), "cannot be read: %s", strerror(-r));
			r = 0;
		}
		for (; r >= 0 && *names; names++)
			r = record_source(slot, *names, record);
		if (r < 0)
			return r;
	}
	return 0;
}

void oom_sources_close(struct oom_run_state *run)
{
	for (size_t i = run->n_sources; i-- > 0;)
		if (run->sources[i].source->close)
			run->sources[i].source->close(&run->sources[i]);
	run->n_sources = 0;
}
