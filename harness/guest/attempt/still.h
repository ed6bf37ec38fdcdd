/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_STILL_H
#define OOM_ATTEMPT_STILL_H

#include "lib/record/record.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Did a guest stand still while its clocks went on? An emulated or virtual clock follows the host's, also while QEMU is
 * stopped or waits for a processor: the guest sees a hole, and cannot tell it from its own kernel's doing. So its host
 * looks at the threads that are its processors, ten times a second while an attempt runs.
 */
enum { OOM_STILL_CPUS = 64, OOM_STILL_HOLES = 64 };

/* What a thread had: /proc/PID/task/TID/schedstat, and its state in stat (proc_pid_stat(5)). */
struct oom_still_cpu {
	pid_t tid;
	char state; /* R, S, D, T, t …; 0: it could not be read */
	uint64_t run_us, wait_us,
		slices; /* on a processor; ready, but without one; how often it got one */
};

enum oom_still_why {
	OOM_STILL_NOT,
	OOM_STILL_STOPPED,
	OOM_STILL_WAITED,
	OOM_STILL_BLOCKED,
	OOM_STILL_HOST,
	OOM_STILL_WHY_COUNT_
};

struct oom_still_hole {
	uint64_t from_us, to_us; /* CLOCK_MONOTONIC of the host */
	uint64_t lost_us
		[OOM_STILL_WHY_COUNT_]; /* by what it is explained by; [OOM_STILL_NOT]: the sum */
};

struct oom_still {
	pid_t pid; /* of QEMU; 0: nobody looks */
	uint64_t begin_us, looked_us, next_us;
	struct oom_still_cpu cpus[OOM_STILL_CPUS];
	size_t n_cpus;
	struct oom_still_hole holes[OOM_STILL_HOLES];
	size_t n_holes;
};

/* From now on; the job has just been sent to the guest of QEMU @pid. */
void oom_still_begin(struct oom_still *still, pid_t pid);
/* Looks, where it is time (@now: whether it is or not). */
void oom_still_look(struct oom_still *still, bool now);
/* How long it stood still so far, where that is worth a word, else 0; *@ret_why is a literal. */
uint64_t oom_still_total_us(const struct oom_still *still, const char **ret_why);
/* What it saw, to @record->standstills: the record arrived at @arrived_us. 0 or -ENOMEM. */
int oom_still_report(
	const struct oom_still *still, uint64_t arrived_us, struct oom_attempt *record);

/* How much of @wall_us a processor was without one of the host's, and why: from two looks at it, the second of them
 * @late_us after its time. */
uint64_t oom_still_lost_us(const struct oom_still_cpu *before, const struct oom_still_cpu *after,
	uint64_t wall_us, uint64_t late_us, enum oom_still_why *ret_why);

#endif
