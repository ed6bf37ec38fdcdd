/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PROCESS_H
#define OOM_PROCESS_H

#include "lib/base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Processes told apart by pid and start time, so that a pid used again is never taken for the old
 * one. */

/* State letter and start time in clock ticks since boot (proc_pid_stat(5), fields 3 and 22).
 * -ESRCH: there is none. */
int oom_process_stat(pid_t pid, char *ret_state, uint64_t *ret_start_ticks);

/* Kills the process that has this start time and waits until it ended (not until it is reaped).
 * 1: done; 0: it is gone, or the pid belongs to another; -ETIMEDOUT, -EPERM. */
int oom_process_kill(pid_t pid, uint64_t start_ticks, uint64_t timeout_us, struct oom_err *err);

/* Waits until the process of @pidfd ended. 0 or -ETIMEDOUT. */
int oom_pidfd_wait(int pidfd, uint64_t deadline_us);
/* A pidfd that is closed on exec; -ENOSYS before Linux 5.3. */
int oom_pidfd_open(pid_t pid);
int oom_pidfd_signal(int pidfd, int signal);

/* fork() whose child gets @death_signal when its parent dies, and blocks no signals; 0 in the child. */
pid_t oom_fork_bound(int death_signal);

uint64_t oom_monotonic_us(void);
int64_t oom_realtime_us(void);
/* What is left until @deadline_us (CLOCK_MONOTONIC), for poll(): at least 0. */
int oom_left_ms(uint64_t deadline_us);

#endif
