/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_DIR_H
#define OOM_CGROUP_DIR_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Directories of a cgroup hierarchy (cgroups(7)), v1 or v2: their files, their processes, their
 * end. */

/* Is @word one of those that @file holds, separated by blanks? ("memory" in cgroup.controllers) */
bool oom_cgroup_dir_has(int dir_fd, const char *file, const char *word);
/* Does it hold no process of its own but (at most) @but? Children do not count. */
bool oom_cgroup_dir_empty(int dir_fd, int but);

/* Removes it and everything below; no process may be left. Gone already: 0. Removed: 1. */
int oom_cgroup_dir_remove(const char *path, uint64_t timeout_us, struct oom_err *err);
/* Moves the processes of @from_fd to @to_fd until none is left. */
int oom_cgroup_dir_move_all(int from_fd, int to_fd);

#endif
