// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/perf.h"

#include "lib/base/cleanup.h"
#include "lib/base/span.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* 256 KiB a processor: some 4,500 forks (56 bytes each) until they are read. */
enum { DATA_PAGES = 64, WAKE_PAGES = 8 };

#ifndef PERF_SAMPLE_CGROUP
#define PERF_SAMPLE_CGROUP (1U << 21) /* since 5.7 */
#endif

static int event_open(struct perf_event_attr *attr, int cpu)
{
	int fd;

	attr->size = sizeof(*attr);
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->sample_id_all = 1;
	fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int forks_open(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = WAKE_PAGES * 4096,
	};

	return event_open(&attr, cpu);
}

/* Each signal wakes the reader at once: its sender may be about to end. */
static int signals_open(uint64_t id, const char *filter, int cpu, int ring_fd, bool *cgroups)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW |
			(*cgroups ? PERF_SAMPLE_CGROUP : 0),
		.wakeup_events = 1,
	};
	oom_autoclose int fd = event_open(&attr, cpu);

	if (fd == -EINVAL && *cgroups) {
		*cgroups = false;
		attr.sample_type &= ~(uint64_t)PERF_SAMPLE_CGROUP;
		fd = event_open(&attr, cpu);
	}
	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter) < 0 ||
		ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring_fd) < 0)
		return -errno;
	return oom_take_fd(&fd);
}

static int ring_open(struct oom_perf *perf, uint64_t id, const char *filter, int cpu)
{
	struct oom_perf_ring *ring = &perf->rings[perf->n_rings];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	*ring = (struct oom_perf_ring){.fd = forks_open(cpu), .signal_fd = -1, .map = MAP_FAILED};
	if (ring->fd < 0)
		return ring->fd;
	perf->n_rings++;
	perf->data_bytes = DATA_PAGES * page;
	ring->map = mmap(NULL, page + perf->data_bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, ring->fd, 0);
	if (ring->map == MAP_FAILED)
		return -errno;
	if (!perf->signals)
		return 0;
	ring->signal_fd = signals_open(id, filter, cpu, ring->fd, &perf->cgroups);
	if (ring->signal_fd < 0)
		perf->signals = false;
	return 0;
}

/* " offset:8; size:4;" behind "field:… @name;" */
static bool field_place(struct oom_span text, struct oom_span name, size_t *ret, size_t *ret_size)
{
	ptrdiff_t at = oom_span_find(text, name);
	struct oom_span place;
	uint64_t offset, size;

	if (at < 0)
		return false;
	place = oom_span_from(text, (size_t)at + name.len);
	oom_span_skip_blanks(&place);
	if (!oom_span_skip(&place, OOM_SPAN("offset:")) || !oom_span_take_uint(&place, &offset) ||
		!oom_span_skip(&place, OOM_SPAN(";")))
		return false;
	oom_span_skip_blanks(&place);
	if (!oom_span_skip(&place, OOM_SPAN("size:")) || !oom_span_take_uint(&place, &size) ||
		size != 4 || offset > 512)
		return false;
	*ret = (size_t)offset;
	*ret_size = (size_t)size;
	return true;
}

bool oom_perf_format_parse(const char *text, size_t len, struct oom_perf_format *ret)
{
	struct oom_span all = {text, len};
	struct oom_perf_format format = {0};
	size_t size;

	if (!field_place(all, OOM_SPAN(" sig;"), &format.signal, &size) ||
		!field_place(all, OOM_SPAN(" code;"), &format.code, &size) ||
		!field_place(all, OOM_SPAN(" pid;"), &format.target, &size))
		return false;
	field_place(all, OOM_SPAN(" result;"), &format.result, &format.result_size);
	*ret = format;
	return true;
}

static bool signal_event(int tracing_fd, struct oom_perf_format *format, uint64_t *ret_id)
{
	static const char *const names[] = {
		"events/signal/signal_generate/id", "events/signal/signal_generate/format"};
	char text[2][2048];
	struct oom_span id;
	long len[2];

	for (int i = 0; i < 2; i++) {
		oom_autoclose int fd = tracing_fd < 0 ? -1 : oom_cgroup_open(tracing_fd, names[i]);

		len[i] = fd < 0 ? -1 : oom_cgroup_pread(fd, text[i], sizeof(text[i]));
		if (len[i] <= 0)
			return false;
	}
	id = (struct oom_span){text[0], (size_t)len[0]};
	return oom_span_take_uint(&id, ret_id) &&
		oom_perf_format_parse(text[1], (size_t)len[1], format);
}

int oom_perf_open(struct oom_arena *arena, int tracing_fd, const char *filter, struct oom_err *err,
	struct oom_perf *ret)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	struct oom_perf perf = {.cgroups = true};
	uint64_t id = 0;
	int r = 0;

	perf.rings = oom_arena_alloc(arena, (size_t)(n > 0 ? n : 1) * sizeof(*perf.rings));
	perf.record = oom_arena_alloc(arena, OOM_PERF_RECORD_BYTES);
	if (!perf.rings || !perf.record)
		return oom_err_set(err, ENOMEM, "no memory for the rings of perf_event_open(2)");
	perf.signals = signal_event(tracing_fd, &perf.format, &id);
	for (int cpu = 0; cpu < n && r >= 0; cpu++) {
		r = ring_open(&perf, id, filter, cpu);
		if (r == -ENODEV) /* off-line: nothing runs there */
			r = 0;
	}
	if (r < 0 || !perf.n_rings) {
		oom_perf_close(&perf);
		return oom_err_errno(err, r < 0 ? -r : ENODEV,
			"cannot watch forks (root or CAP_PERFMON, and perf_event_open(2) allowed)");
	}
	*ret = perf;
	return 0;
}

static uint32_t word_at(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t number_at(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* { u32 pid, ppid, tid, ptid; u64 time; } */
static int parse_fork(const unsigned char *body, size_t len, struct oom_perf_event *ret)
{
	if (len < 24)
		return -EBADMSG;
	*ret = (struct oom_perf_event){
		.kind = OOM_PERF_FORK,
		.pid = (int)word_at(body),
		.parent = (int)word_at(body + 4),
		.tid = (int)word_at(body + 8),
		.time_us = number_at(body + 16) / 1000,
	};
	return 1;
}

/* { u32 pid, tid; u64 time; u32 size; char raw[size]; u64 cgroup; } */
static int parse_sample(const struct oom_perf *perf, const unsigned char *body, size_t len,
	struct oom_perf_event *ret)
{
	const struct oom_perf_format *format = &perf->format;
	const unsigned char *raw = body + 20;
	size_t size, behind;

	if (len < 20)
		return -EBADMSG;
	size = word_at(body + 16);
	behind = 20 + size;
	if (size > len || behind + (perf->cgroups ? 8 : 0) > len || format->signal + 4 > size ||
		format->code + 4 > size || format->target + 4 > size ||
		format->result + format->result_size > size)
		return -EBADMSG;
	*ret = (struct oom_perf_event){
		.kind = OOM_PERF_SIGNAL,
		.pid = (int)word_at(body),
		.tid = (int)word_at(body + 4),
		.time_us = number_at(body + 8) / 1000,
		.signal = (int)word_at(raw + format->signal),
		.code = (int)word_at(raw + format->code),
		.target = (int)word_at(raw + format->target),
		.result = format->result_size ? (int)word_at(raw + format->result) : 0,
		.cgroup_id = perf->cgroups ? number_at(body + behind) : 0,
	};
	return 1;
}

static void note_lost(struct oom_perf *perf, uint64_t *counter, uint64_t n)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*counter += n;
	perf->lost_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int oom_perf_parse(
	struct oom_perf *perf, const void *record, size_t len, struct oom_perf_event *ret)
{
	struct perf_event_header header;
	const unsigned char *body = (const unsigned char *)record + sizeof(header);

	if (len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, record, sizeof(header));
	len -= sizeof(header);
	switch (header.type) {
	case PERF_RECORD_FORK:
		return parse_fork(body, len, ret);
	case PERF_RECORD_SAMPLE:
		return parse_sample(perf, body, len, ret);
	case PERF_RECORD_LOST: /* { u64 id, lost; } */
		if (len < 16)
			return -EBADMSG;
		note_lost(perf, &perf->lost, number_at(body + 8));
		return 0;
	default: /* exits, throttling */
		return 0;
	}
}

/* Copies a record out of the ring, which it may run across the end of. */
static size_t record_take(struct oom_perf *perf, const struct oom_perf_ring *ring, uint64_t tail)
{
	const char *data = (const char *)ring->map + sysconf(_SC_PAGESIZE);
	size_t at = tail % perf->data_bytes, size;
	struct perf_event_header header;

	/* records are multiples of 8 bytes: a header lies in one piece */
	memcpy(&header, data + at, sizeof(header));
	size = header.size;
	for (size_t done = 0; done < size && done < OOM_PERF_RECORD_BYTES;) {
		size_t left = perf->data_bytes - at, n = size - done;

		if (n > OOM_PERF_RECORD_BYTES - done)
			n = OOM_PERF_RECORD_BYTES - done;
		n = n < left ? n : left;
		memcpy(perf->record + done, data + at, n);
		done += n;
		at = (at + n) % perf->data_bytes;
	}
	return size;
}

/* The kernel tells of lost records only with the next one that it has room for. */
static bool is_nearly_full(
	const struct oom_perf *perf, const struct perf_event_mmap_page *page, uint64_t head)
{
	return head - page->data_tail > perf->data_bytes - OOM_PERF_RECORD_BYTES;
}

static int ring_next(struct oom_perf *perf, struct oom_perf_ring *ring, struct oom_perf_event *ret)
{
	struct perf_event_mmap_page *page = ring->map;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	int r = 0;

	if (is_nearly_full(perf, page, head))
		note_lost(perf, &perf->lost, 1);
	while (r <= 0 && page->data_tail != head) {
		size_t size = record_take(perf, ring, page->data_tail);

		if (size <
			sizeof(struct perf_event_header)) { /* no ring of the kernel's has that */
			note_lost(perf, &perf->unread, 1);
			__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
			return 0;
		}
		r = size > OOM_PERF_RECORD_BYTES ? -EBADMSG
						 : oom_perf_parse(perf, perf->record, size, ret);
		if (r < 0)
			note_lost(perf, &perf->unread, 1);
		__atomic_store_n(&page->data_tail, page->data_tail + size, __ATOMIC_RELEASE);
	}
	return r > 0;
}

int oom_perf_next(struct oom_perf *perf, struct oom_perf_event *ret)
{
	for (size_t i = 0; i < perf->n_rings; i++)
		if (ring_next(perf, &perf->rings[i], ret))
			return 1;
	return 0;
}

int oom_perf_skip(struct oom_perf *perf)
{
	int r = perf->lost ? -ENOBUFS : 0;

	for (size_t i = 0; i < perf->n_rings; i++) {
		struct perf_event_mmap_page *page = perf->rings[i].map;
		uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);

		if (is_nearly_full(perf, page, head))
			r = -ENOBUFS;
		__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
	}
	return r;
}

void oom_perf_close(struct oom_perf *perf)
{
	for (size_t i = 0; i < perf->n_rings; i++) {
		struct oom_perf_ring *ring = &perf->rings[i];

		if (ring->map != MAP_FAILED)
			munmap(ring->map, (size_t)sysconf(_SC_PAGESIZE) + perf->data_bytes);
		oom_closep(&ring->signal_fd);
		oom_closep(&ring->fd);
	}
	perf->n_rings = 0;
}
