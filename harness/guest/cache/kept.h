/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_KEPT_H
#define OOM_CACHE_KEPT_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>

/* What --keep keeps of guests: CACHE/kept/guest-NAME-XXXXXX, until 'oomgate cleanup'. */

/* A new empty folder for the guest of @name ("memcg/hog-dies-1"). */
int oom_cache_kept(struct oom_arena *arena, const char *cache, const char *name,
	struct oom_err *err, const char **ret);
/* Removes all of them: how many, or -errno. @dry only names them; @say may be NULL. */
int oom_cache_kept_remove(
	const char *cache, bool dry, void (*say)(const char *what), struct oom_err *err);

#endif
