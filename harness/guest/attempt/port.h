/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_PORT_H
#define OOM_ATTEMPT_PORT_H

#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/state.h"

#include <stdbool.h>

/* Handles the next message that was read, and says what it leads to; false: none is left. */
bool oom_port_next(struct oom_guest_attempt *a, enum oom_next *ret_next);
/* Reads what has come. */
void oom_port_read(struct oom_guest_attempt *a);
/* The job, with fresh randomness and the time. 0 or -errno. */
int oom_port_send_job(struct oom_guest_attempt *a);
/* Sends on what did not go at once. */
void oom_port_writable(struct oom_guest_attempt *a);

#endif
