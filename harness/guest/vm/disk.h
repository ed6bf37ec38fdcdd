/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_DISK_H
#define OOM_VM_DISK_H

#include "lib/base/err.h"

#include <limits.h>
#include <stdint.h>

/* The empty file system of that size in the cache, by all that it is made from. 0 or -ENAMETOOLONG. */
int oom_disk_template_path(const char *cache, uint64_t bytes, char ret[static PATH_MAX]);
int oom_disk_create(const char *cache, uint64_t bytes, struct oom_err *err);
/* disk.c: an empty swap area, or an empty file system, of a name-less file of the host's; the fd. */
int oom_swap_create(const char *cache, uint64_t bytes, struct oom_err *err);

#endif
