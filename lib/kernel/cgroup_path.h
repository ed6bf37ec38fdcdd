/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_PATH_H
#define OOM_CGROUP_PATH_H

#include <stdbool.h>

/* Is the cgroup @path @top or one below it? Either may be NULL: then it is not. All are within "". */
bool oom_cgroup_is_within(const char *path, const char *top);

#endif
