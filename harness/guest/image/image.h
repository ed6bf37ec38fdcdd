/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_IMAGE_H
#define OOM_IMAGE_IMAGE_H

#include "harness/guest/image/own_disk.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct oom_image {
	const char *name; /* debian:bookworm, or the path of a disk image */
	const char *dir; /* NULL: a disk image of the user's */
	const char *disk; /* root.ext2, or the path */
	const char *vmlinuz, *modules, *busybox;
	const char *kernel, *systemd; /* releases; systemd NULL: not known */
	bool own_disk;
	struct oom_own_disk own; /* where it is one */
	uint64_t size_bytes;
	int64_t built_realtime;
};

/* The cached image of @name built by the present recipe. -ENOENT: none. */
int oom_image_find(
	struct oom_arena *arena, const char *cache, const char *name, struct oom_image *ret);
/* Every image of the cache, by name, newest first, those of older recipes too. */
int oom_image_list(
	struct oom_arena *arena, const char *cache, struct oom_image **ret, size_t *ret_count);
uint64_t oom_image_recipe(void);
/* Removes all of @name; counts them. */
int oom_image_remove(const char *cache, const char *name, struct oom_err *err);

#endif
