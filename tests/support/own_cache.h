/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_TEST_OWN_CACHE_H
#define OOM_TEST_OWN_CACHE_H

#include "lib/base/arena.h"

/* A cache in a folder of its own, for a suite's .init and .fini. */
extern char test_cache_dir[64];
extern const char *test_cache;
extern struct oom_arena test_cache_arena;
void test_cache_open(void);
void test_cache_close(void);

#endif
