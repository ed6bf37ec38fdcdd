/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_END_H
#define OOM_ATTEMPT_END_H

#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/state.h"

/* QEMU's process is gone or going: how that came, unless it shall be tried anew. */
enum oom_next oom_end_died(struct oom_guest_attempt *a);
/* What the guest sent as its record becomes the attempt's. */
enum oom_next oom_end_done(struct oom_guest_attempt *a);
/* A record of ours, with the outcome: the guest could not write one. NULL: no memory. */
struct oom_attempt *oom_end_record(const struct oom_guest_attempt *a);
/* Is it the deadline, or too long a silence? */
enum oom_next oom_end_timed_out(struct oom_guest_attempt *a);

#endif
