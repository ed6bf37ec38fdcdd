/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_BOOT_H
#define OOM_ATTEMPT_BOOT_H

#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/state.h"

#include <stdbool.h>

/* Who boots: this attempt (OOM_NEXT_BOOT), another (OOM_NEXT_WAIT), nobody (OOM_NEXT_END). */
enum oom_next oom_boot_join(struct oom_guest_attempt *a);
/* Waits no longer; a boot of its own is over, and wakes who waits. */
void oom_boot_leave(struct oom_guest_attempt *a, bool failed, const char *why);

#endif
