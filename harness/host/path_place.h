/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_PATH_PLACE_H
#define OOM_PATH_PLACE_H

#include "lib/base/arena.h"

#include <limits.h>
#include <stdbool.h>

/* Can the folder @path be had: is it there and may be written, or can it be made in the first folder above it
 * that there is? 0, or -errno: -ENOTDIR, -EACCES, -EROFS … Changes nothing. */
int oom_path_can_hold(const char *path);

/* @path from the root, links followed as far as it exists; to be freed. NULL with errno. */
char *oom_path_resolve(const char *path);

/* Is @path (resolved) below the folder @dir (resolved)? The rest of it, or NULL. */
const char *oom_path_below(const char *path, const char *dir);

/* Removes the file or tree @name of the folder @dir_fd; what is not there is no error. 0 or -errno. */
int oom_path_remove_tree_at(int dir_fd, const char *name);

/* The first executable file of that name in $PATH; NULL: none. */
char *oom_path_find(struct oom_arena *arena, const char *name);

#endif
