/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_KEY_H
#define OOM_VM_KEY_H

#include "harness/guest/vm/qemu.h"

#include <stdint.h>

/* What two saved machines must have in common to be the same. */
int oom_vm_key(const struct oom_vm *vm, uint64_t *ret);

#endif
