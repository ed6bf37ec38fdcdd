// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/room.h"

#include "harness/host/file.h"
#include "lib/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* One that owned little may be followed by one that owns a little more; and QEMU's own heap grows. */
#define MARGIN_BYTES (32 * MIB)
#define SMALL_BYTES  (160 * MIB) /* what most of a library's guests own, with that margin */

static const struct oom_room_size *find(
	const struct oom_room *room, const struct oom_guest_shape *shape)
{
	for (int i = 0; i < OOM_ROOM_SIZES; i++)
		if (room->sizes[i].memory_bytes == shape->memory_bytes)
			return &room->sizes[i];
	return NULL;
}

uint64_t oom_room_wanted(const struct oom_room *room, const struct oom_guest_shape *shape)
{
	const struct oom_room_size *size = find(room, shape);
	uint64_t bytes = size ? size->own_bytes + MARGIN_BYTES : shape->memory_bytes;

	return bytes < shape->memory_bytes ? bytes : shape->memory_bytes;
}

bool oom_room_has(const struct oom_room *room, const struct oom_guest_shape *shape)
{
	return room->used_bytes + oom_room_wanted(room, shape) <= room->memory_bytes;
}

uint64_t oom_room_take(struct oom_room *room, const struct oom_guest_shape *shape)
{
	uint64_t bytes = oom_room_wanted(room, shape);

	room->used_bytes += bytes;
	return bytes;
}

void oom_room_give_back(struct oom_room *room, uint64_t bytes)
{
	room->used_bytes -= bytes;
}

void oom_room_learn(struct oom_room *room, const struct oom_guest_shape *shape, uint64_t own_bytes)
{
	for (int i = 0; own_bytes && i < OOM_ROOM_SIZES; i++) {
		struct oom_room_size *size = &room->sizes[i];

		if (size->memory_bytes && size->memory_bytes != shape->memory_bytes)
			continue;
		size->memory_bytes = shape->memory_bytes;
		if (size->own_bytes < own_bytes)
			size->own_bytes = own_bytes;
		return;
	}
}

int oom_room_guests(const struct oom_room *room)
{
	uint64_t fit = room->memory_bytes / SMALL_BYTES;

	return fit < 1 ? 1 : fit > 1024 ? 1024 : (int)fit;
}

uint64_t oom_room_own_bytes(pid_t pid)
{
	struct oom_arena arena = {0};
	char path[48], *text, *at;
	uint64_t kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!oom_file_read(&arena, path, 8192, &text, NULL) && (at = strstr(text, "\nRssAnon:")))
		kib = strtoull(at + 9, NULL, 10);
	oom_arena_release(&arena);
	return kib * 1024;
}
