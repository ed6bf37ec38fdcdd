/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_ROOM_H
#define OOM_ATTEMPT_ROOM_H

#include "harness/guest/vm/shape.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The host's memory, shared out to guests. A guest owns what it has written to, and shares the rest of the saved
 * machine with others: what one is given is the most that any of its size owned at its end in this run, and all of
 * [Machine] Memory= for the first.
 */
enum { OOM_ROOM_SIZES = 16 };

struct oom_room {
	uint64_t memory_bytes; /* to be had when it was opened */
	uint64_t used_bytes; /* given to guests that run */
	struct oom_room_size {
		uint64_t memory_bytes, own_bytes; /* a guest's size, and the most that one owned */
	} sizes[OOM_ROOM_SIZES];
};

/* What a guest of that shape is to be given. */
uint64_t oom_room_wanted(const struct oom_room *room, const struct oom_guest_shape *shape);
bool oom_room_has(const struct oom_room *room, const struct oom_guest_shape *shape);
/* Takes it, and returns how much: for oom_room_give_back(). */
uint64_t oom_room_take(struct oom_room *room, const struct oom_guest_shape *shape);
void oom_room_give_back(struct oom_room *room, uint64_t bytes);
/* A guest of that shape owned @own_bytes at its end. */
void oom_room_learn(struct oom_room *room, const struct oom_guest_shape *shape, uint64_t own_bytes);
/* So many guests of a small size fit: at least one. */
int oom_room_guests(const struct oom_room *room);
/* What process @pid has of its own (proc(5), RssAnon); 0: not known. */
uint64_t oom_room_own_bytes(pid_t pid);

#endif
