/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_FIND_H
#define OOM_VM_FIND_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oom_qemu {
	const char *program, *data_dir, *lib_dir; /* the folders are NULL for the host's own */
	const char *version; /* "7.2.22" */
	int major;
};

/* The host's, or one of the cache. -ENOENT with the way out. */
int oom_qemu_find(
	struct oom_arena *arena, const char *cache, struct oom_err *err, struct oom_qemu *ret);
/* From this kernel on TCG needs a QEMU of this version: 7.2 boots 5.10 and 6.1; 6.12 and later oops early on it. */
#define OOM_NEWER_KERNEL "6.2"

enum { OOM_NEWER_MAJOR = 10 };

bool oom_qemu_boots(const struct oom_qemu *qemu, const char *release);
/* The key of one that @recipe fetches on a host of @os_release (the text of os-release(5)). */
uint64_t oom_qemu_newer_key(const char *recipe, size_t len, const char *os_release);
/* Such a one of the cache; -ENOENT. */
int oom_qemu_find_newer(struct oom_arena *arena, const char *cache, struct oom_qemu *ret);
/* One that boots @release under TCG: the host's where it is new enough, else fetched into the cache. */
int oom_qemu_newer(struct oom_arena *arena, const char *cache,
	void (*say)(void *ctx, const char *line), void *say_ctx, struct oom_err *err,
	struct oom_qemu *ret);

#endif
