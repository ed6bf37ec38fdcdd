/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_HOST_DIGEST_H
#define OOM_HOST_DIGEST_H

#include <stddef.h>

/* SHA-256 as sha256sum(1) prints it: 64 hexadecimal digits. */
enum { OOM_DIGEST_TEXT = 65 };

int oom_digest_data(const void *data, size_t len, char ret[static OOM_DIGEST_TEXT]);
/* Of a file's bytes, as far as they are; 0 or -errno. */
int oom_digest_file(const char *path, char ret[static OOM_DIGEST_TEXT]);
/*
 * Of a folder: of every file below it, in the order of their paths, its path, kind and mode, and what it holds or,
 * of a symbolic link, where it leads. Owners and times are no part of it. 0 or -errno.
 */
int oom_digest_tree(const char *path, char ret[static OOM_DIGEST_TEXT]);

#endif
