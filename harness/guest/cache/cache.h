/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_CACHE_H
#define OOM_CACHE_CACHE_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdint.h>

/* The folders of the cache; what is half made lies in one of them, and all of them are swept. */
enum oom_cache_folder {
	OOM_CACHE_IMAGES,
	OOM_CACHE_STATES,
	OOM_CACHE_PAYLOADS,
	OOM_CACHE_KERNELS,
	OOM_CACHE_QEMU,
	OOM_CACHE_KEPT,
	OOM_CACHE_FOLDERS,
};

/* $OOMGATE_CACHE_MAX (a size), default 8 GiB: bound of saved machines and payload disks. What is no size
 * does not count: oom_cache_open() has refused it. */
uint64_t oom_cache_bound_bytes(void);
/* Where @r says that the disk is full: the sentence for it, with the way out. Returns @r. */
int oom_cache_explain(const char *cache, int r, struct oom_err *err);
const char *oom_cache_folder_name(enum oom_cache_folder folder);
/* As long as *@ret_fd is open nobody's pruning removes the file @path. -ESTALE: it is just going. */
int oom_cache_hold(const char *path, int *ret_fd);
/* $OOMGATE_CACHE, $XDG_CACHE_HOME/oomgate or ~/.cache/oomgate with its folders, made where missing. */
int oom_cache_open(struct oom_arena *arena, struct oom_err *err, const char **ret);
/* Removes the least recently used saved machines, payload disks and initial file systems until they fit, never @keep. */
int oom_cache_prune(const char *cache, uint64_t bound_bytes, const char *keep);

/* Removes what killed runs have left half-made in the cache, and what --keep has kept: how many, or -errno. With @dry only counts
 * and names them through @say (may be NULL). */
int oom_guest_cleanup(int dry, void (*say)(const char *what), struct oom_err *err);

#endif
