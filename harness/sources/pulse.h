/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PULSE_H
#define OOM_PULSE_H

#include "lib/record/record.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Whoever takes samples knows when none could be taken: where two beats lie far apart, something stood still. Who it
 * was only somebody else can say: the hypervisor (steal time, proc_stat(5)), the scheduler of a host (run delay,
 * Documentation/scheduler/sched-stats), a SIGCONT, or in a guest, later, its host. What none of them explains is the
 * kernel's own, which may be so busy with reclaim that nobody else runs.
 */
enum { OOM_PULSE_HOLES = 32 };

struct oom_pulse {
	bool in_guest;
	bool blocked; /* we have blocked SIGCONT: it tells us that we had been stopped */
	sigset_t before;
	int stat_fd, schedstat_fd; /* -1: none */
	uint64_t beat_us, beats;
	int64_t steal_us, delay_us; /* the sums as last read; -1: not known */
	struct oom_standstill_rec holes[OOM_PULSE_HOLES];
	size_t n_holes;
};

/* Opens what is read later; what is not there is not read. */
void oom_pulse_open(struct oom_pulse *pulse, bool in_guest);
/* One more, @now_us since "go". Allocates nothing. */
void oom_pulse_beat(struct oom_pulse *pulse, uint64_t now_us);
/* The holes to record->standstills; 0 or -ENOMEM. */
int oom_pulse_collect(const struct oom_pulse *pulse, struct oom_attempt *record);
void oom_pulse_close(struct oom_pulse *pulse);

/*
 * Sums of what a machine was kept from: of the first line of /proc/stat ("cpu  user nice system idle iowait irq
 * softirq steal …", in ticks of @hz over @cpus processors), and of a line of /proc/PID/schedstat ("run wait slices",
 * ns). -1: there is no such number. For tests, too.
 */
int64_t oom_stat_steal_us(const char *text, long hz, long cpus);
int64_t oom_schedstat_delay_us(const char *text);

#endif
