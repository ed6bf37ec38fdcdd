// SPDX-License-Identifier: LGPL-2.1-or-later
/* The host's memory, shared out to guests. */
#include "harness/guest/attempt/room.h"

#include <criterion/criterion.h>
#include <unistd.h>

Test(guest_room, what_guests_own_is_learnt)
{
	struct oom_room room = {.memory_bytes = (uint64_t)1 << 30};
	const struct oom_guest_shape large = {.memory_bytes = 512 << 20},
				     small = {.memory_bytes = 96 << 20};
	uint64_t taken = oom_room_take(&room, &large);

	cr_expect_eq(taken, large.memory_bytes, "nothing is known: all of it");
	cr_expect(oom_room_has(&room, &large));
	oom_room_take(&room, &large);
	cr_expect_not(oom_room_has(&room, &large));
	oom_room_learn(&room, &large, 0);
	cr_expect_not(oom_room_has(&room, &large), "0 is not known");
	oom_room_learn(&room, &large, 70 << 20);
	oom_room_learn(&room, &large, 40 << 20);
	cr_expect_eq(oom_room_wanted(&room, &large), 102 << 20, "the most, and a margin");
	cr_expect_not(oom_room_has(&room, &large), "those that run keep what they were given");
	oom_room_give_back(&room, taken);
	cr_expect(oom_room_has(&room, &large));
	cr_expect_eq(oom_room_wanted(&room, &small), small.memory_bytes, "of its size");
	oom_room_learn(&room, &small, 90 << 20);
	cr_expect_eq(oom_room_wanted(&room, &small), small.memory_bytes, "no more than it has");
	cr_expect_eq(oom_room_guests(&room), 6);
	cr_expect_gt(oom_room_own_bytes(getpid()), 100000);
	cr_expect_eq(oom_room_own_bytes(0), 0);
}
