// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t oom_mix(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t h = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3u;
	/* FNV's low bits say little of the last bytes */
	h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15u;
	return h ^ (h >> 29);
}

/* The slot of @text, or the free one where it belongs. */
static uint32_t *slot_of(const struct oom_names *names, const char *text)
{
	uint32_t mask = names->n_slots - 1;
	uint32_t at = (uint32_t)oom_mix(0, text, strlen(text)) & mask;

	while (names->slots[at] && strcmp(names->items[names->slots[at] - 1], text) != 0)
		at = (at + 1) & mask;
	return &names->slots[at];
}

/* Never more than half full. */
static int grow(struct oom_names *names)
{
	struct oom_names larger = *names;

	if (names->n_slots && names->count < names->n_slots / 2)
		return 0;
	if (names->n_slots > UINT32_MAX / 4)
		return -ENOMEM;
	larger.n_slots = names->n_slots ? 2 * names->n_slots : 64;
	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < names->count; i++)
		*slot_of(&larger, names->items[i]) = i + 1;
	free(names->slots);
	*names = larger;
	return 0;
}

int oom_names_add(struct oom_names *names, const char *text, uint32_t *ret)
{
	const char **items, *copy;
	uint32_t *slot;

	if (grow(names) < 0)
		return -ENOMEM;
	slot = slot_of(names, text);
	if (*slot) {
		*ret = *slot - 1;
		return 0;
	}
	items = oom_arena_grow(&names->arena, names->items, names->count, sizeof(*items));
	copy = oom_arena_strdup(&names->arena, text);
	if (!items || !copy)
		return -ENOMEM;
	names->items = items;
	items[names->count] = copy;
	*ret = names->count++;
	*slot = names->count;
	return 0;
}

bool oom_names_find(const struct oom_names *names, const char *text, uint32_t *ret)
{
	uint32_t slot = names->n_slots ? *slot_of(names, text) : 0;

	if (slot)
		*ret = slot - 1;
	return slot;
}

void oom_names_release(struct oom_names *names)
{
	free(names->slots);
	oom_arena_release(&names->arena);
	memset(names, 0, sizeof(*names));
}
