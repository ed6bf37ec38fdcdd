/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_VM_H
#define OOM_ATTEMPT_VM_H

#include "harness/guest/attempt/attempt.h"
#include "lib/base/err.h"

/* attempt_vm.c: the process and its descriptors */
int oom_attempt_vm_start(struct oom_guest_attempt *a, bool incoming, struct oom_err *err);
void oom_attempt_vm_stop(struct oom_guest_attempt *a);

#endif
