/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SYSCTL_H
#define OOM_SYSCTL_H

#include "lib/base/err.h"

#include <stddef.h>

/* "/proc/sys/vm/overcommit_memory" of a name in sysctl(8)'s notation, dots or slashes; -EINVAL. */
int oom_sysctl_path(const char *name, char *buf, size_t size);
/* Writes a sysctl; one sentence names it where that fails. */
int oom_sysctl_write(const char *name, const char *value, struct oom_err *err);
/* Its value without the line feed; -EFBIG where @size is too small. */
int oom_sysctl_read(const char *name, char *buf, size_t size);

#endif
