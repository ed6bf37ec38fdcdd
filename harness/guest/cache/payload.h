/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_PAYLOAD_H
#define OOM_CACHE_PAYLOAD_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdint.h>

/* The disk with this program, its helper, its libraries and the --config tree. */
int oom_payload_make(struct oom_arena *arena, const char *cache, const char *exe,
	const char *helper, const char *config_dir, struct oom_err *err, const char **ret);
/* The key of the disk that is made from @tar. 0 or -errno. */
int oom_payload_key(const char *tar, uint64_t *ret);
/* This program and its helper oomgate-workload. */
int oom_payload_programs(struct oom_arena *arena, struct oom_err *err, const char **ret_exe,
	const char **ret_helper);

#endif
