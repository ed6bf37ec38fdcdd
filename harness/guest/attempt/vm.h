/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_VM_H
#define OOM_ATTEMPT_VM_H

#include "harness/guest/attempt/state.h"
#include "lib/base/err.h"

#include <stdbool.h>

/* The process and its descriptors; @incoming: it restores a saved machine. 0 or -errno. */
int oom_attempt_vm_start(struct oom_guest_attempt *a, bool incoming, struct oom_err *err);
/* Ends QEMU where it still runs; the descriptors and what was half read go, too. */
void oom_attempt_vm_stop(struct oom_guest_attempt *a);

#endif
