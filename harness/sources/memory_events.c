// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/*
 * The counters of each unit's cgroup and of its parent, from files that were opened before the
 * pressure: what they hold is the change over the run. v1 has one: memory.oom_control's oom_kill (since
 * 4.13). Its memory.failcnt is not what "max" counts, and is left out.
 */
enum counter_file { EVENTS, EVENTS_LOCAL, EVENTS_PARENT, PIDS_EVENTS, PRESSURE, COUNTER_FILES };

static const struct {
	const char *v2, *v1;
} counter_names[COUNTER_FILES] = {
	[EVENTS] = {"memory.events", "memory.oom_control"},
	[EVENTS_LOCAL] = {"memory.events.local", "memory.oom_control"}, /* v1 counts no children */
	[EVENTS_PARENT] = {"../memory.events", NULL},
	[PIDS_EVENTS] = {"pids.events", NULL},
	[PRESSURE] = {"memory.pressure", NULL},
};

struct unit_counters {
	struct oom_backend_unit *unit;
	int fd[COUNTER_FILES];
	struct oom_flat before[PRESSURE];
	struct oom_psi psi_before;
	int64_t oom_kill_last;
	struct oom_watch watch;
	struct oom_run_state *run;
};

struct events_source {
	struct unit_counters *units;
	size_t count;
};

static int read_psi(int fd, struct oom_psi *ret)
{
	char buf[256]; /* two lines of at most 100 bytes */
	long n = oom_cgroup_pread(fd, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	return oom_psi_parse(buf, (size_t)n, ret) ? 0 : -EBADMSG;
}

/* memory.events changed (a kernfs notification): reading it arms the next one. */
static void events_ready(struct oom_watch *watch, uint32_t events)
{
	struct unit_counters *u = watch->data;
	struct oom_flat now;
	int64_t oom_kill;

	(void)events;
	if (oom_cgroup_read_flat(u->fd[EVENTS], &now) < 0) {
		oom_loop_remove(&u->run->loop, watch); /* the cgroup is gone */
		return;
	}
	oom_kill = oom_flat_get(&now, "oom_kill");
	if (oom_kill != u->oom_kill_last)
		oom_run_activity(u->run);
	u->oom_kill_last = oom_kill;
}

static void unit_counters_open(struct unit_counters *u)
{
	for (int f = 0; f < COUNTER_FILES; f++) {
		const char *name = u->unit->v1 ? counter_names[f].v1 : counter_names[f].v2;

		u->fd[f] = name ? oom_cgroup_open(u->unit->dir_fd, name) : -1;
		if (u->fd[f] < 0)
			continue;
		if (f == PRESSURE)
			read_psi(u->fd[f], &u->psi_before);
		else
			oom_cgroup_read_flat(u->fd[f], &u->before[f]);
	}
	u->oom_kill_last = oom_flat_get(&u->before[EVENTS], "oom_kill");
}

static int events_open(struct oom_source_slot *slot, struct oom_err *err)
{
	struct oom_run_state *run = slot->run;
	struct events_source *s = oom_arena_alloc(&run->arena, sizeof(*s));

	if (s)
		s->units = oom_arena_alloc(&run->arena, (run->n_units + 1) * sizeof(*s->units));
	if (!s || !s->units)
		return oom_err_set(err, ENOMEM, "no memory for the counters of memory.events");
	slot->priv = s;
	for (size_t i = 0; i < run->n_units; i++) {
		struct unit_counters *u = &s->units[s->count++];

		u->unit = &run->units[i];
		u->run = run;
		unit_counters_open(u);
		if (u->fd[EVENTS] < 0) {
			oom_source_absent(slot, "'%s' has no %s: is the memory controller enabled?",
				u->unit->name,
				u->unit->v1 ? "memory.oom_control" : "memory.events");
			continue;
		}
		u->watch =
			(struct oom_watch){.fd = u->fd[EVENTS], .ready = events_ready, .data = u};
		if (!u->unit->v1)
			oom_loop_add(&run->loop, &u->watch, EPOLLPRI);
	}
	if (!run->n_units)
		return oom_source_absent(slot, "the scenario has no scope or slice");
	return 0;
}

static int counters_diff(struct oom_attempt *record, int fd, const struct oom_flat *before,
	struct oom_counter **ret, size_t *ret_count)
{
	struct oom_flat now;
	int r;

	if (fd < 0)
		return 0;
	r = oom_cgroup_read_flat(fd, &now);
	if (r < 0)
		return r;
	*ret = oom_arena_alloc(&record->arena, (now.count + 1) * sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < now.count; i++) {
		int64_t was = oom_flat_get(before, now.items[i].name);

		(*ret)[i].name = oom_arena_strdup(&record->arena, now.items[i].name);
		(*ret)[i].value = (int64_t)now.items[i].value - (was < 0 ? 0 : was);
	}
	*ret_count = now.count;
	return 0;
}

static int unit_collect(const struct unit_counters *u, struct oom_attempt *record)
{
	struct oom_unit_rec *rec = oom_attempt_unit(record, u->unit->name);
	struct oom_psi psi;
	int r;

	if (!rec)
		return 0;
	r = counters_diff(record, u->fd[EVENTS], &u->before[EVENTS], &rec->events, &rec->n_events);
	if (r < 0)
		return r;
	r = counters_diff(record, u->fd[EVENTS_LOCAL], &u->before[EVENTS_LOCAL], &rec->events_local,
		&rec->n_events_local);
	if (r < 0)
		return r;
	r = counters_diff(record, u->fd[EVENTS_PARENT], &u->before[EVENTS_PARENT],
		&rec->events_parent, &rec->n_events_parent);
	if (r < 0)
		return r;
	r = counters_diff(record, u->fd[PIDS_EVENTS], &u->before[PIDS_EVENTS], &rec->pids_events,
		&rec->n_pids_events);
	if (r < 0)
		return r;
	if (oom_counter_get(rec->pids_events, rec->n_pids_events, "max") > 0)
		record->fork_rejected = true;
	if (u->fd[PRESSURE] >= 0 && read_psi(u->fd[PRESSURE], &psi) == 0)
		rec->pressure_full_us = (int64_t)(psi.full_us - u->psi_before.full_us);
	return 0;
}

static int events_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct events_source *s = slot->priv;

	for (size_t i = 0; i < s->count; i++) {
		int r = unit_collect(&s->units[i], record);

		if (r < 0)
			return r;
		slot->records++;
	}
	return 0;
}

static void events_close(struct oom_source_slot *slot)
{
	struct events_source *s = slot->priv;

	for (size_t i = 0; s && i < s->count; i++) {
		for (int f = 0; f < COUNTER_FILES; f++)
			oom_closep(&s->units[i].fd[f]);
	}
}

const struct oom_source oom_source_memory_events = {
	.name = "memory.events",
	.help = "memory.events, .local, pids.events and memory.pressure of each unit and its parent",
	.open = events_open,
	.collect = events_collect,
	.close = events_close,
};
