/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_PACK_H
#define OOM_GUEST_PACK_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* An archive being written: cpio (newc) or tar (ustar). */
struct oom_pack {
	FILE *out;
	bool tar;
	unsigned inode;
	uint64_t written;
	int error; /* the first, -errno; what comes after it is not written */
};

int oom_pack_open(const char *path, bool tar, struct oom_err *err, struct oom_pack *ret);
/* The trailer; the archive is whole only when this succeeds. Closing twice is no error. */
int oom_pack_close(struct oom_pack *pack, struct oom_err *err);
int oom_pack_dir(struct oom_pack *pack, const char *name);
int oom_pack_link(struct oom_pack *pack, const char *name, const char *target);
int oom_pack_data(
	struct oom_pack *pack, const char *name, const void *data, size_t len, mode_t mode);
/* @mode 0: the file's own */
int oom_pack_file(struct oom_pack *pack, const char *name, const char *path, mode_t mode,
	struct oom_err *err);
/* Everything below @path as @prefix; bin, sbin, lib, lib64 at the top go to usr/. -EEXIST: something is there
 * already. */
int oom_pack_tree(struct oom_pack *pack, const char *prefix, const char *path, struct oom_err *err);
/* The whole content of a file that may be compressed by xz, zstd or gzip; @temp is a name to use. */
int oom_unpack_file(struct oom_arena *arena, const char *path, const char *temp, char **ret,
	size_t *ret_len, struct oom_err *err);

#endif
