// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/pages.h"
#include "harness/host/process.h"
#include "harness/sources/pulse.h"
#include "harness/sources/source.h"
#include "harness/state/evidence.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/*
 * memory.current of each unit and what each workload reached, at a steady interval into a ring that was
 * allocated beforehand: the curve behind the verdict. The oldest samples give way.
 */
enum { INTERVAL_MS = 20, RING_SAMPLES = 8192 }; /* 128 KiB; 40 s of four curves */

struct sample {
	uint32_t time_ms; /* since go */
	uint32_t curve; /* units first, then workloads */
	uint64_t bytes;
};

struct samples_source {
	struct sample *ring;
	uint64_t taken;
	int *current_fd; /* one a unit */
	struct oom_pulse pulse;
};

static void sample_add(struct samples_source *s, uint64_t time_us, size_t curve, uint64_t bytes)
{
	struct sample *at = &s->ring[s->taken++ % RING_SAMPLES];

	*at = (struct sample){
		.time_ms = (uint32_t)(time_us / 1000), .curve = (uint32_t)curve, .bytes = bytes};
}

static void samples_ready(struct oom_source_slot *slot)
{
	struct samples_source *s = slot->priv;
	struct oom_run_state *run = slot->run;
	uint64_t expirations, now;

	if (read(slot->watch.fd, &expirations, sizeof(expirations)) < 0 || !run->go_us)
		return;
	now = oom_monotonic_us() - run->go_us;
	oom_pulse_beat(&s->pulse, now);
	for (size_t i = 0; i < run->n_units; i++) {
		int64_t bytes;

		if (s->current_fd[i] >= 0 && oom_cgroup_read_number(s->current_fd[i], &bytes) == 0)
			sample_add(s, now, i, (uint64_t)bytes);
	}
	for (size_t i = 0; i < run->n_workloads; i++)
		if (run->workloads[i].page)
			sample_add(s, now, run->n_units + i, run->workloads[i].page->reached_bytes);
}

static int samples_open(struct oom_source_slot *slot, struct oom_err *err)
{
	const struct itimerspec every = {.it_interval.tv_nsec = INTERVAL_MS * 1000000L,
		.it_value.tv_nsec = INTERVAL_MS * 1000000L};
	struct oom_run_state *run = slot->run;
	struct samples_source *s = oom_arena_alloc(&run->arena, sizeof(*s));

	if (s)
		s->current_fd = oom_arena_alloc(&run->arena, (run->n_units + 1) * sizeof(int));
	if (!s || !s->current_fd)
		return oom_err_set(err, ENOMEM, "no memory for samples");
	s->ring = oom_pages_take(RING_SAMPLES * sizeof(*s->ring));
	if (!s->ring)
		return oom_err_set(err, ENOMEM, "no memory for samples");
	slot->priv = s;
	for (size_t i = 0; i < run->n_units; i++)
		s->current_fd[i] = oom_cgroup_open(run->units[i].dir_fd,
			run->units[i].v1 ? "memory.usage_in_bytes" : "memory.current");
	slot->watch.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (slot->watch.fd < 0 || timerfd_settime(slot->watch.fd, 0, &every, NULL) < 0)
		return oom_err_errno(err, errno, "cannot create a timer for samples");
	oom_pulse_open(&s->pulse, run->in_guest);
	return 0;
}

static int samples_collect(struct oom_source_slot *slot, struct oom_attempt *record)
{
	struct samples_source *s = slot->priv;
	struct oom_run_state *run = slot->run;
	int fd = oom_evidence_open(run, "samples.tsv");
	oom_autofclose FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	uint64_t first = s->taken > RING_SAMPLES ? s->taken - RING_SAMPLES : 0;

	if (oom_pulse_collect(&s->pulse, record) < 0)
		return -ENOMEM;
	slot->records = (int64_t)s->taken;
	if (!out)
		return 0;
	fputs("time_ms\tkind\tname\tbytes\n", out);
	for (uint64_t i = first; i < s->taken; i++) {
		const struct sample *at = &s->ring[i % RING_SAMPLES];
		bool unit = at->curve < run->n_units;

		fprintf(out, "%u\t%s\t%s\t%llu\n", at->time_ms, unit ? "unit" : "workload",
			unit ? run->units[at->curve].name
			     : run->workloads[at->curve - run->n_units].name,
			(unsigned long long)at->bytes);
	}
	return ferror(out) ? -EIO : 0;
}

static void samples_close(struct oom_source_slot *slot)
{
	struct samples_source *s = slot->priv;

	if (!s)
		return;
	oom_pulse_close(&s->pulse);
	oom_pages_give(s->ring, RING_SAMPLES * sizeof(*s->ring));
	oom_closep(&slot->watch.fd);
	for (size_t i = 0; i < slot->run->n_units; i++)
		oom_closep(&s->current_fd[i]);
}

const struct oom_source oom_source_samples = {
	.name = "samples",
	.help = "memory.current of each unit and the bytes each workload reached, every 20 ms",
	.epoll_events = EPOLLIN,
	.open = samples_open,
	.ready = samples_ready,
	.collect = samples_collect,
	.close = samples_close,
};
