/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOAD_CROWD_H
#define OOM_LOAD_CROWD_H

#include "harness/load/load.h"

/*
 * Processes that press together: each keeps what it has until all have theirs, so that their sum is
 * what was asked for and not a matter of timing. Two pipes and no clock: every process holds the
 * write end of settled until it has its share; end of file there means that all have, or died
 * trying. A byte in over means go home; its end of file does not (the kernel may kill the first
 * process first, which in real life defuses nothing either).
 */
struct oom_crowd {
	int settled[2], over[2];
};

/* In the first process, before it forks. 0 or -errno. */
int oom_crowd_open(struct oom_crowd *crowd);
/* In the first process: forks Count= children, which call @press with their part of Rate= and stay.
 * 0, or what press() returns after a refused fork. */
int oom_crowd_fork(struct oom_crowd *crowd, struct oom_load *load,
	int (*press)(struct oom_load *load, void *ctx), void *ctx);
/* Where the forks are the workload's own: in each child, first thing. */
void oom_crowd_enter(struct oom_crowd *crowd);
/* In each child, when it has its share: stays until the crowd is sent home or the runner is gone.
 */
void oom_crowd_stay(struct oom_crowd *crowd, const struct oom_load *load);
/* In the first process: all have their share, or are dead. */
void oom_crowd_settle(struct oom_crowd *crowd);
/* In the first process, after the last fork: settles, keeps it all for Hold= (@hold_us without one)
 * when
 * @status is 0, sends everyone home. The worst of @status and what they ended with. */
int oom_crowd_end(struct oom_crowd *crowd, struct oom_load *load, int status, uint64_t hold_us);

#endif
