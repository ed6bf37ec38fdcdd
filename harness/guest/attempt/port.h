/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_PORT_H
#define OOM_ATTEMPT_PORT_H

#include "harness/guest/attempt/attempt.h"

void oom_port_readable(struct oom_guest_attempt *a);
/* attempt_port.c */
int oom_port_send_job(struct oom_guest_attempt *a);
void oom_port_writable(struct oom_guest_attempt *a);

#endif
