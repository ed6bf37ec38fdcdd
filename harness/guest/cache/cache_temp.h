/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_CACHE_TEMP_H
#define OOM_CACHE_CACHE_TEMP_H

#include "harness/guest/cache/cache.h"
#include "lib/base/arena.h"

#include <stdbool.h>

/* Removes such folders of all of @cache that nobody fills any more: how many, or -errno. Where the process that
 * made one is gone and its tool is just ending, that is waited for as long as @wait_us. @say may be NULL. */
int oom_cache_sweep(const char *cache, bool dry, uint64_t wait_us, void (*say)(const char *what),
	struct oom_err *err);
/* A new empty folder CACHE/FOLDER/.tmp-PID-RANDOM, ours until it is removed or we end. */
int oom_cache_temp(struct oom_arena *arena, const char *cache, enum oom_cache_folder folder,
	struct oom_err *err, const char **ret);
/* Closes what a child has inherited, from 3 on, but for the locks on such folders. */
void oom_cache_temp_keep(void);

#endif
