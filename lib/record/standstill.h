/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_STANDSTILL_H
#define OOM_STANDSTILL_H

#include <stddef.h>
#include <stdint.h>

/*
 * A time in which the machine may have stood still while its clocks went on: the emulator was stopped, its host was
 * busy. The kernel under test cannot be blamed for that, nor praised.
 */
struct oom_standstill_rec {
	int64_t at_us; /* since "go"; 0 where it began before */
	int64_t length_us;
	int64_t lost_us; /* how much of it had no processor, as is proven from outside; 0: nobody saw the machine stand
			  * still, so the hole is its own kernel's */
	const char *why; /* "QEMU was stopped"; NULL: a hole in the samples, and no more */
};

enum { OOM_STANDSTILL_MIN_US = 500000 }; /* what is shorter is not worth a word */

struct oom_attempt;
/*
 * How much of the time from @from_us to @to_us (since "go"; INT64_MAX: to the end) the machine stood still, at most;
 * 0: not at all, as far as is proven. *@ret_longest (may be NULL): the longest of those times, NULL where it is 0.
 */
int64_t oom_attempt_lost_us(const struct oom_attempt *attempt, int64_t from_us, int64_t to_us,
	const struct oom_standstill_rec **ret_longest);

#endif
