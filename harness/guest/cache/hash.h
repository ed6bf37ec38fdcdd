/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_HASH_H
#define OOM_CACHE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { OOM_HASH_SEED = 0x4f4f4d47 };

/* Not for adversaries: it finds truncation, rot and change. Chain with the result as @seed. */
uint64_t oom_hash(uint64_t seed, const void *data, size_t len);
int oom_hash_fd(uint64_t seed, int fd, uint64_t *ret, uint64_t *ret_size);
int oom_hash_file(uint64_t seed, const char *path, uint64_t *ret);
/* Of a file, without reading it: its path, size, time of change and inode. @fd: the file, where it is open, whatever
 * bears its name now; else -1. One that is not there has a hash, too. */
uint64_t oom_hash_identity(uint64_t seed, const char *path, int fd);
/* The same of a program in PATH. */
uint64_t oom_hash_program(uint64_t seed, const char *name);
uint64_t oom_hash_text(uint64_t seed, const char *text);

#endif
