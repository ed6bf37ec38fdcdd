/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_DISK_H
#define OOM_VM_DISK_H

#include "lib/base/err.h"

#include <stdint.h>

int oom_disk_create(const char *cache, uint64_t bytes, struct oom_err *err);
/* disk.c: an empty swap area, or an empty file system, of a name-less file of the host's; the fd. */
int oom_swap_create(const char *cache, uint64_t bytes, struct oom_err *err);

#endif
