/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RUNTIME_DIR_H
#define OOM_RUNTIME_DIR_H

#include "lib/base/err.h"

#include <stddef.h>

/*
 * The run-time directory: $OOMGATE_RUNTIME, else the first of /run/oomgate,
 * $XDG_RUNTIME_DIR/oomgate and /tmp/oomgate-UID that is, or can be made, a directory of our own
 * that nobody else may write.
 */

/* Its path in @buf and a directory fd. -errno with the reason of the last candidate. */
int oom_runtime_dir_open(struct oom_err *err, char *buf, size_t size, int *ret_fd);

/* The candidate of @index (from 0), whether it exists or not; -ENOENT after the last. */
int oom_runtime_dir_candidate(unsigned index, char *buf, size_t size);
/* A directory fd if @path is a directory of ours that nobody else may write, else -errno. */
int oom_runtime_dir_trusted(const char *path, struct oom_err *err);

#endif
