/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_ARGS_H
#define OOM_VM_ARGS_H

#include "lib/base/arena.h"

#include <stddef.h>

/* The arguments of a program, one by one. What fails for want of memory shows in arena->failed. */
struct oom_args {
	struct oom_arena *arena;
	const char **items;
	size_t count;
};

void oom_args_add(struct oom_args *args, const char *arg); /* not copied; NULL ends the list */
#define oom_args_addf(args, ...) oom_args_add(args, oom_arena_printf((args)->arena, __VA_ARGS__))
/* A value of QEMU's option lists, which a comma ends: it is doubled. */
const char *oom_args_quoted(struct oom_args *args, const char *value);

#endif
