// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The frequency of the time stamp counter that an emulated processor shows: it is this host's own
 * (QEMU, system/cpu-timers.c: cpu_get_ticks()). A guest that boots on a busy host measures it wrong
 * by any factor (seen: 359 for 2594 MHz), and then its clock, and all that a scenario times, runs
 * so much too fast for as long as its saved state lives.
 */

#include "harness/guest/vm/tsc.h"

#include <stddef.h>
#include <time.h>

enum { SPAN_NS = 20000000, TRIES = 32 };

#ifdef __x86_64__
#include <x86intrin.h>

static uint64_t ticks(void)
{
	return __rdtsc();
}
#else
/* include/qemu/timer.h: elsewhere a tick is a nanosecond */
static uint64_t now_ns(void);

static uint64_t ticks(void)
{
	return now_ns();
}
#endif

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct moment {
	uint64_t ns, ticks;
};

/* Both clocks at one time: the try in which the least time went by between two looks at one. */
static struct moment moment_take(void)
{
	struct moment best = {0};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = ticks(), ns = now_ns(), after = ticks();

		if (after - before >= least)
			continue;
		least = after - before;
		best = (struct moment){ns, before + least / 2};
	}
	return best;
}

uint64_t oom_tsc_khz(void)
{
	struct timespec span = {.tv_nsec = SPAN_NS};
	struct moment from = moment_take(), to;

	nanosleep(&span, NULL);
	to = moment_take();
	return (uint64_t)((double)(to.ticks - from.ticks) * 1e6 / (double)(to.ns - from.ns) + 0.5);
}
