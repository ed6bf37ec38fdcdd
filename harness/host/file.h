/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_HOST_FILE_H
#define OOM_HOST_FILE_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdint.h>
#include <sys/types.h>

int oom_file_read(
	struct oom_arena *arena, const char *path, size_t max, char **ret, size_t *ret_len);
int oom_file_write(
	const char *path, const void *data, size_t len, mode_t mode, struct oom_err *err);
/* Removes a file or a tree; a missing one is no error. */
int oom_tree_remove(const char *path);
/* Bytes on disk of a file or a tree. */
uint64_t oom_tree_bytes(const char *path);

#endif
