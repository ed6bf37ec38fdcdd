/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_BOOT_H
#define OOM_ATTEMPT_BOOT_H

#include "harness/guest/attempt/attempt.h"

/* attempt_boot.c: who boots, who waits */
int oom_boot_join(
	struct oom_guest_attempt *a); /* 1: boot it yourself, 0: wait, -errno: it does not boot */
void oom_boot_leave(struct oom_guest_attempt *a, bool failed, const char *why);

#endif
