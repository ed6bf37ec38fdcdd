// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)4096 - 64)

struct oom_arena_chunk {
	struct oom_arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

void *oom_arena_alloc(struct oom_arena *arena, size_t bytes)
{
	struct oom_arena_chunk *chunk = arena->chunks;
	void *ptr;

	if (bytes > SIZE_MAX / 2) {
		arena->failed = 1;
		return NULL;
	}
	bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < bytes) {
		size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

		chunk = calloc(1, sizeof(*chunk) + size);
		if (!chunk) {
			arena->failed = 1;
			return NULL;
		}
		chunk->size = size;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	ptr = chunk->data + chunk->used;
	chunk->used += bytes;
	arena->used_bytes += bytes;
	return ptr;
}

char *oom_arena_strndup(struct oom_arena *arena, const char *text, size_t len)
{
	char *copy;

	if (!text)
		return NULL;
	copy = oom_arena_alloc(arena, len + 1);
	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *oom_arena_strdup(struct oom_arena *arena, const char *text)
{
	return text ? oom_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *oom_arena_printf(struct oom_arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text, few[512];
	int n;

	va_start(args, fmt);
	n = vsnprintf(few, sizeof(few), fmt, args);
	va_end(args);
	if (n < 0)
		return NULL;
	if ((size_t)n < sizeof(few))
		return oom_arena_strndup(arena, few, (size_t)n);
	text = oom_arena_alloc(arena, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

void *oom_arena_grow(struct oom_arena *arena, void *array, size_t count, size_t element_bytes)
{
	size_t capacity = count ? 2 * count : 4;
	void *moved;

	/* full exactly at 0 and at the powers of two from 4 on */
	if (count && (count < 4 || (count & (count - 1))))
		return array;
	moved = oom_arena_alloc(arena, capacity * element_bytes);
	if (moved && count)
		memcpy(moved, array, count * element_bytes);
	return moved;
}

void oom_arena_release(struct oom_arena *arena)
{
	while (arena->chunks) {
		struct oom_arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	memset(arena, 0, sizeof(*arena));
}

void oom_arena_reset(struct oom_arena *arena)
{
	struct oom_arena_chunk *kept = arena->chunks;

	if (!kept || kept->size != CHUNK_BYTES) {
		oom_arena_release(arena);
		return;
	}
	arena->chunks = kept->next;
	oom_arena_release(arena);
	memset(kept->data, 0, kept->used);
	kept->used = 0;
	kept->next = NULL;
	arena->chunks = kept;
}
