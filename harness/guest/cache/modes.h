/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_MODES_H
#define OOM_CACHE_MODES_H

#include "lib/base/err.h"

#include <jansson.h>
#include <stdbool.h>

/* As json_dump_file(), for the owner alone. 0 or -errno. */
int oom_cache_json_write(const char *path, const json_t *json, size_t flags);
int oom_cache_narrow(const char *cache, bool by_name, struct oom_err *err);
/* modes.c: takes the group's and the others' permissions from a tree; from all of a cache that is ours. One
 * that was given @by_name stays itself as it is, with what else is in it. */
int oom_tree_narrow(const char *path);

#endif
