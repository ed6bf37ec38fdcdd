/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_END_H
#define OOM_ATTEMPT_END_H

#include "harness/guest/attempt/attempt.h"

void oom_attempt_died(struct oom_guest_attempt *a); /* QEMU is gone */
/* attempt_end.c: how it can end */
void oom_attempt_done(struct oom_guest_attempt *a);
void oom_attempt_fail(struct oom_guest_attempt *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int oom_attempt_saved(struct oom_guest_attempt *a);
void oom_attempt_skip(struct oom_guest_attempt *a, const char *reason);
void oom_attempt_timed_out(struct oom_guest_attempt *a);

#endif
