/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_NAMES_H
#define OOM_NAMES_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Texts that come again and again, each held once and known by its number, in the order of their first
 * coming. A struct of zeroes is empty. */
struct oom_names {
	struct oom_arena arena;
	const char **items;
	uint32_t count;
	uint32_t *slots; /* numbers plus one by hash; 0: free */
	uint32_t n_slots;
};

/* The number of @text, a new one where it was not there; 0 or -ENOMEM. */
int oom_names_add(struct oom_names *names, const char *text, uint32_t *ret);
/* Is @text there? Then *@ret is its number. */
bool oom_names_find(const struct oom_names *names, const char *text, uint32_t *ret);
void oom_names_release(struct oom_names *names);

/* FNV-1a over @len bytes, then mixed; chain with the result as @seed. */
uint64_t oom_mix(uint64_t seed, const void *data, size_t len);

#endif
