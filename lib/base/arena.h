/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ARENA_H
#define OOM_ARENA_H

#include <stddef.h>

/*
 * An arena owns everything that belongs to one object with one lifetime (a scenario, an attempt, an
 * incident): its parts are never freed one by one. Zero-initialise it, release it once.
 *
 * An allocation that fails returns NULL and sets .failed, so that a builder may check once at the
 * end instead of after each string.
 */
struct oom_arena {
	struct oom_arena_chunk *chunks;
	size_t used_bytes; /* handed out in all, for bounds */
	int failed;
};

/* Zeroed memory, aligned for any type. */
void *oom_arena_alloc(struct oom_arena *arena, size_t bytes);
/* A copy of @len bytes of @text with a NUL behind it; NULL for a NULL @text. */
char *oom_arena_strndup(struct oom_arena *arena, const char *text, size_t len);
char *oom_arena_strdup(struct oom_arena *arena, const char *text);
char *oom_arena_printf(struct oom_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Grows an array of the arena's: returns @array with room for one more element (a moved copy where
 * needed; capacities are powers of two from 4), or NULL without memory. @count elements are there. */
void *oom_arena_grow(struct oom_arena *arena, void *array, size_t count, size_t element_bytes);
void oom_arena_release(struct oom_arena *arena);
/* The same, but the memory of one part is kept for what comes next: for an object of many in a row. */
void oom_arena_reset(struct oom_arena *arena);

#endif
