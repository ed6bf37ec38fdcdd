/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_SPARSE_H
#define OOM_CACHE_SPARSE_H

#include <stdint.h>

/*
 * Files that are mostly holes: a guest's memory, an empty disk. What counts is what is read, so that a page of zeroes
 * is the same as a hole (lseek(2), SEEK_DATA), whatever the file system makes of it.
 */

/* The first @bytes of @from to @to, which is empty: what is zero stays a hole. */
int oom_sparse_copy(int from, int to, uint64_t bytes);
/* Of all that is in it, by pages and where they lie, and of its size. */
int oom_sparse_hash(uint64_t seed, int fd, uint64_t *ret, uint64_t *ret_size);

#endif
