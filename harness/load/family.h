/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOAD_FAMILY_H
#define OOM_LOAD_FAMILY_H

#include "harness/load/load.h"

/*
 * Watches the descendants of a program that is not ours, and that hides what becomes of them: each
 * is registered in the page as it is born, each that ends by a signal is counted.
 *
 * Source: the kernel's process events connector (linux/cn_proc.h), which says it exactly; it needs
 * CAP_NET_ADMIN. Without it /proc/PID/task/TID/children (proc(5)) is read every 10 ms: then a
 * process that lives shorter may be missed, and how one ended is not known.
 */
struct oom_family {
	int fd; /* the connector; -1: /proc is polled */
	int32_t *pids; /* those alive, the program itself first */
	size_t n_pids;
	uint64_t lost; /* events overrun */
};

/* Before the program is forked. 0, or -ENOMEM. */
int oom_family_open(struct oom_family *family);
/* The program, just forked (and stopped from running on until this returns). */
void oom_family_found(struct oom_family *family, int32_t pid);
/* Reads what is there without waiting. Returns the signal that ended the first descendant of which
 * that was heard, 0: none so far. */
int oom_family_update(struct oom_family *family, struct oom_load *load);
void oom_family_close(struct oom_family *family);

#endif
