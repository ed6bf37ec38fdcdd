/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_KMSG_H
#define OOM_KLOG_KMSG_H

#include "lib/base/arena.h"
#include "lib/record/kill.h"

/*
 * All kills in the raw text of /dev/kmsg ("prio,seq,usec,flags;text" and continuation lines, one
 * record after the other), in order, distinct by process. Allocated in @arena.
 */
int oom_kills_from_kmsg(struct oom_arena *arena, const char *text, size_t len,
	struct oom_kill **ret, size_t *ret_count);

#endif
