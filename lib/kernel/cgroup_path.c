// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/kernel/cgroup_path.h"

#include <stddef.h>
#include <string.h>

bool oom_cgroup_is_within(const char *path, const char *top)
{
	size_t len = top ? strlen(top) : 0;

	return path && top && !strncmp(path, top, len) && (path[len] == '\0' || path[len] == '/');
}
