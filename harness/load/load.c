// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"
#include "lib/base/sentence.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum {
	PACE_SLACK_US =
		2000, /* do not sleep for less: a wake-up costs an emulated guest about that */
	RETRY_US = 50 * 1000 /* OnRefusal=retry */
};

uint64_t oom_load_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void add_one(int fd)
{
	uint64_t one = 1;

	/* an eventfd takes it whole, or is full and thus readable already */
	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
		return;
}

/* Waits until @time_us (UINT64_MAX: for ever); true when the runner is gone. */
static bool wait_for_runner(const struct oom_load *load, uint64_t time_us)
{
	struct pollfd runner = {.fd = load->runner_fd, .events = POLLIN};

	for (;;) {
		uint64_t now = oom_load_now_us(), left = now < time_us ? time_us - now : 0;
		struct timespec wait = {(time_t)(left / 1000000), (long)(left % 1000000) * 1000};

		if (ppoll(&runner, 1, time_us == UINT64_MAX ? NULL : &wait, NULL) > 0)
			return true;
		if (time_us != UINT64_MAX && oom_load_now_us() >= time_us)
			return false;
	}
}

void oom_load_sleep_until(struct oom_load *load, uint64_t time_us)
{
	if (wait_for_runner(load, time_us))
		_exit(OOM_LOAD_EXIT_FAILED);
}

void oom_load_gate(struct oom_load *load)
{
	ssize_t n;
	char byte;

	atomic_store(&load->page->state, OOM_LOAD_READY);
	add_one(load->ready_fd);
	do
		n = read(load->gate_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		_exit(oom_load_failed(load, "cannot read the gate: %m"));
	if (n == 0) /* closed without a word: the runner is gone */
		_exit(OOM_LOAD_EXIT_FAILED);
	close(load->gate_fd);
	load->gate_fd = -1;
	load->start_us = oom_load_now_us();
	atomic_store(&load->page->state, OOM_LOAD_RUNNING);
}

static void pass_thresholds(struct oom_load *load, uint64_t reached_bytes)
{
	struct oom_load_page *page = load->page;

	for (unsigned i = 0; i < OOM_LOAD_THRESHOLDS; i++) {
		uint64_t threshold = page->threshold_bytes[i];

		if (!threshold || reached_bytes < threshold ||
			(atomic_load_explicit(&page->thresholds_passed, memory_order_relaxed) &
				1u << i))
			continue;
		if (!(atomic_fetch_or(&page->thresholds_passed, 1u << i) & 1u << i))
			add_one(load->notify_fd);
	}
}

void oom_load_reached(struct oom_load *load, uint64_t more_bytes)
{
	uint64_t due_us;

	pass_thresholds(
		load, atomic_fetch_add(&load->page->reached_bytes, more_bytes) + more_bytes);
	if (!load->rate_bytes)
		return;
	load->paced_bytes += more_bytes;
	due_us = load->start_us +
		(uint64_t)((double)load->paced_bytes * 1e6 / (double)load->rate_bytes);
	if (due_us > oom_load_now_us() + PACE_SLACK_US)
		oom_load_sleep_until(load, due_us);
}

void oom_load_child(struct oom_load *load, int32_t pid)
{
	uint32_t i = atomic_fetch_add(&load->page->n_children, 1);

	if (i < OOM_LOAD_CHILDREN)
		atomic_store(&load->page->children[i], pid);
}

int oom_load_refused(struct oom_load *load, int errno_value)
{
	int32_t none = 0;

	atomic_compare_exchange_strong(&load->page->errno_value, &none, errno_value);
	atomic_store(&load->page->state, OOM_LOAD_REFUSED);
	if (oom_load_is(load, "OnRefusal", "retry")) {
		oom_load_sleep_until(load, oom_load_now_us() + RETRY_US);
		return OOM_LOAD_RETRY;
	}
	return oom_load_is(load, "OnRefusal", "hold") ? 0 : OOM_LOAD_EXIT_REFUSED;
}

int oom_load_failed(struct oom_load *load, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	oom_sentence_vformat(load->page->msg, sizeof(load->page->msg), fmt, args);
	va_end(args);
	atomic_store(&load->page->state, OOM_LOAD_FAILED);
	return OOM_LOAD_EXIT_FAILED;
}

void oom_load_hold(struct oom_load *load, uint64_t fallback_us)
{
	uint64_t hold_us = oom_load_usec(load, "Hold", fallback_us), now_us = oom_load_now_us();

	if (!hold_us)
		return;
	atomic_store(&load->page->state, OOM_LOAD_HOLDING);
	add_one(load->notify_fd); /* the runner may have waited for nobody else */
	oom_load_sleep_until(load, hold_us < UINT64_MAX - now_us ? now_us + hold_us : UINT64_MAX);
}

void oom_load_latency(struct oom_load *load, uint64_t usec)
{
	unsigned bucket = 0;

	/* the smallest with usec < 2^bucket */
	while (bucket < OOM_LOAD_BUCKETS - 1 && usec >> bucket)
		bucket++;
	atomic_fetch_add(&load->page->latency_bucket[bucket], 1);
}
