// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/lineage.h"
#include "harness/host/process.h"
#include "harness/sources/look.h"
#include "harness/sources/slot.h"
#include "harness/sources/source.h"
#include "harness/state/evidence.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/perf.h"
#include "lib/kernel/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

/*
 * Forks, and who sends SIGKILL and SIGTERM, as they happen: so that a dying process need not be asked whose
 * child it is, a pid that is used again is not taken for the one before, and a sender is looked at while it is
 * still in its kill(2).
 */
enum { MOST_A_TURN = 8192, GROUP_KILLS = 2 };

struct lineage_source {
	struct oom_arena arena; /* of perf */
	struct oom_perf perf;
	struct oom_looker looker;
	struct oom_lineage *lineage; /* with its forks behind it */
	int epoll_fd; /* of all rings */
	bool perf_open;
};

/*
 * In a guest, whose attempts are run one after the other: what the rehearsal has opened before the guest was saved,
 * for the attempt. To open rings takes an emulator that was just started some 15 ms: it has to translate the code of
 * it, and that of the kernel is patched; and the memory would be the guest's own instead of what was saved.
 */
static struct lineage_source *kept;

#define MAP_BYTES (sizeof(struct oom_lineage) + OOM_SEEN_FORKS * sizeof(struct oom_fork))

/* All of it is there before the run begins: MAP_POPULATE. */
static int lineage_map(struct lineage_source *s)
{
	void *map = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (map == MAP_FAILED)
		return -ENOMEM;
	s->lineage = map;
	s->lineage->forks = (struct oom_fork *)(s->lineage + 1);
	return 0;
}

static int wait_for_rings(struct lineage_source *s)
{
	oom_autoclose int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	for (size_t i = 0; epoll_fd >= 0 && i < s->perf.n_rings; i++) {
		struct epoll_event ev = {.events = EPOLLIN};

		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->perf.rings[i].fd, &ev) < 0)
			return -errno;
	}
	if (epoll_fd < 0)
		return -errno;
	s->epoll_fd = oom_take_fd(&epoll_fd);
	return 0;
}

static void source_free(struct lineage_source *s)
{
	if (s->perf_open)
		oom_perf_close(&s->perf);
	oom_closep(&s->epoll_fd);
	oom_closep(&s->looker.cgroup_fd);
	if (s->lineage)
		munmap(s->lineage, MAP_BYTES);
	oom_arena_release(&s->arena);
	free(s);
}

static struct lineage_source *source_new(void)
{
	struct lineage_source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->epoll_fd = s->looker.cgroup_fd = -1;
	if (lineage_map(s) < 0) {
		source_free(s);
		return NULL;
	}
	return s;
}

/* Without what happened until now. NULL: there is none, or one that may yet tell of an earlier loss. */
static struct lineage_source *source_take_over(void)
{
	struct lineage_source *s = oom_take_ptr(kept);
	struct oom_lineage *lineage;

	if (!s)
		return NULL;
	if (s->perf.unread || oom_perf_skip(&s->perf) < 0) {
		source_free(s);
		return NULL;
	}
	lineage = s->lineage;
	lineage->lost_us = 0;
	lineage->n_forks = lineage->n_looks = lineage->n_signals = 0;
	lineage->forks_not_kept = lineage->signals_not_kept = 0;
	return s;
}

static int rings_open(struct lineage_source *s, struct oom_source_slot *slot, struct oom_err *err)
{
	oom_autoclose int tracing = oom_tracing_open(AT_FDCWD);
	struct oom_err why;
	int r;

	if (oom_perf_open(&s->arena, tracing, "sig==9||sig==15", &why, &s->perf) < 0)
		return oom_source_absent(slot, "%s", why.msg);
	s->perf_open = true;
	r = wait_for_rings(s);
	return r < 0 ? oom_err_errno(err, -r, "cannot wait for forks") : 0;
}

static int lineage_open(struct oom_source_slot *slot, struct oom_err *err)
{
	struct lineage_source *s = source_take_over();
	int r;

	if (!s)
		s = source_new();
	slot->priv = s;
	if (!s)
		return oom_err_set(err, ENOMEM, "no memory for the lineage of processes");
	r = s->perf_open ? 0 : rings_open(s, slot, err);
	if (r < 0 || !s->perf_open)
		return r;
	slot->watch.fd = s->epoll_fd;
	slot->run->lineage = s->lineage;
	s->lineage->open = true;
	s->lineage->opened_us = oom_monotonic_us();
	s->lineage->signals_told = s->perf.signals;
	if (s->perf.signals)
		oom_looker_open(&s->looker, slot->run);
	return 0;
}

static void add_fork(struct oom_lineage *lineage, const struct oom_perf_event *ev)
{
	if (lineage->n_forks == OOM_SEEN_FORKS) {
		lineage->lost_us = ev->time_us;
		lineage->forks_not_kept++;
		return;
	}
	lineage->forks[lineage->n_forks++] =
		(struct oom_fork){ev->time_us, ev->tid, ev->pid, ev->parent};
}

static void add_signal(struct oom_source_slot *slot, const struct oom_perf_event *ev)
{
	struct lineage_source *s = slot->priv;
	struct oom_lineage *lineage = s->lineage;
	struct oom_seen_signal *seen;

	if (lineage->n_signals == OOM_SEEN_SIGNALS) {
		lineage->signals_not_kept++;
		return;
	}
	seen = &lineage->signals[lineage->n_signals++];
	*seen = (struct oom_seen_signal){
		.time_us = ev->time_us,
		.sender = ev->pid,
		.sender_tid = ev->tid,
		.target = ev->target,
		.signal = ev->signal,
		.code = ev->code,
		.result = ev->result,
		.look = -1,
		.target_unit = -1,
	};
	if (ev->code == OOM_TRACE_BY_KERNEL)
		return;
	seen->look = oom_look_at(&s->looker, lineage, ev->pid, ev->cgroup_id);
	seen->target_unit = oom_look_unit(slot->run, ev->target);
}

/* At most so many a turn: a fork bomb must not keep the deadline from being served. */
static void lineage_ready(struct oom_source_slot *slot)
{
	struct lineage_source *s = slot->priv;
	struct oom_perf_event ev;

	for (int i = 0; i < MOST_A_TURN && oom_perf_next(&s->perf, &ev); i++)
		if (ev.kind == OOM_PERF_FORK)
			add_fork(s->lineage, &ev);
		else
			add_signal(slot, &ev);
}

static void write_out(const struct oom_run_state *run, const struct oom_lineage *lineage)
{
	/* nothing but the workloads' own starts, which the record has: most attempts are like that */
	bool is_plain = lineage->n_forks <= run->n_workloads && !lineage->n_signals;
	oom_autoclose int fd = is_plain ? -1 : oom_evidence_open(run, "lineage");
	oom_autofclose FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out)
		return;
	oom_take_fd(&fd);
	for (size_t i = 0; i < lineage->n_forks; i++) {
		const struct oom_fork *f = &lineage->forks[i];

		fprintf(out, "%" PRIu64 " fork %d of %d by %d\n", f->time_us, f->tid, f->pid,
			f->parent);
	}
	for (size_t i = 0; i < lineage->n_signals; i++) {
		const struct oom_seen_signal *s = &lineage->signals[i];
		const struct oom_look *look = s->look < 0 ? NULL : &lineage->looks[s->look];

		fprintf(out,
			"%" PRIu64
			" signal %d to %d by %d[%d] code %d result %d exe %s cgroup %s\n",
			s->time_us, s->signal, s->target, s->sender, s->sender_tid, s->code,
			s->result, look && *look->exe ? look->exe : "-",
			look && *look->cgroup ? look->cgroup : "-");
	}
}

/* The proof that nothing was missed at the begin: the workloads were forked after it was opened. */
static const char *fork_not_told(const struct oom_run_state *run)
{
	for (size_t i = 0; i < run->n_workloads; i++)
		if (!oom_lineage_fork(run->lineage, run->workloads[i].pid, UINT64_MAX))
			return run->workloads[i].name;
	return NULL;
}

static int lineage_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct lineage_source *s = slot->priv;
	struct oom_lineage *lineage = s->lineage;
	size_t before;
	const char *missing;

	(void)record;
	do {
		before = lineage->n_forks + lineage->n_signals + lineage->forks_not_kept;
		lineage_ready(slot);
	} while (before != lineage->n_forks + lineage->n_signals + lineage->forks_not_kept);
	oom_lineage_sort(lineage);
	if (s->perf.lost_us > lineage->lost_us)
		lineage->lost_us = s->perf.lost_us;
	slot->records = (int64_t)(lineage->n_forks + lineage->n_signals);
	slot->lost = (int64_t)(s->perf.lost + s->perf.unread + lineage->forks_not_kept);
	missing = fork_not_told(slot->run);
	if (slot->lost) {
		slot->state = OOM_SOURCE_LOST;
		snprintf(slot->note, sizeof(slot->note),
			"%" PRId64 " forks and signals were not told: too many at once",
			slot->lost);
	} else if (missing) {
		lineage->lost_us = oom_monotonic_us();
		slot->state = OOM_SOURCE_LOST;
		snprintf(slot->note, sizeof(slot->note), "it does not tell of the start of '%s'",
			missing);
	} else if (lineage->signals_not_kept) {
		snprintf(slot->note, sizeof(slot->note),
			"the senders of %" PRIu64 " more signals were not looked at",
			lineage->signals_not_kept);
	} else if (!lineage->signals_told) {
		snprintf(slot->note, sizeof(slot->note),
			"senders of signals cannot be looked at without tracefs");
	}
	write_out(slot->run, lineage);
	return 0;
}

static void lineage_close(struct oom_source_slot *slot)
{
	struct lineage_source *s = slot->priv;

	if (!s)
		return;
	slot->run->lineage = NULL;
	if (slot->run->in_guest && s->epoll_fd >= 0 && !kept)
		kept = s;
	else
		source_free(s);
}

const struct oom_source oom_source_lineage = {
	.name = "lineage",
	.help = "forks, and the senders of SIGKILL and SIGTERM as they send (perf_event_open(2))",
	.epoll_events = EPOLLIN,
	.open = lineage_open,
	.ready = lineage_ready,
	.collect = lineage_collect,
	.close = lineage_close,
};
