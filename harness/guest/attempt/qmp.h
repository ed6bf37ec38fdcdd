/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_QMP_H
#define OOM_ATTEMPT_QMP_H

#include "harness/guest/attempt/attempt.h"

void oom_qmp_advance(struct oom_guest_attempt *a, enum oom_qmp_wait what);
void oom_qmp_begin(struct oom_guest_attempt *a, const struct oom_qmp_step *steps);
/* 1: lines were handled, 0: nothing (or another machine now), -EPIPE: QEMU is gone */
int oom_qmp_readable(struct oom_guest_attempt *a);
void oom_qmp_request(struct oom_guest_attempt *a, const char *json, size_t len);

#endif
