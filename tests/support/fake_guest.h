/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_FAKE_GUEST_H
#define TEST_FAKE_GUEST_H

#include "harness/guest/attempt/state.h"

/* An attempt in a guest that is the test itself: its ends of the two sockets, and the attempt that reads them. */
struct fake_guest {
	struct oom_guest_host host;
	struct oom_guest_attempt *a;
	struct oom_attempt *record; /* where it is over */
	int guest_fd, qemu_fd; /* what its agent and QEMU would hold */
	char dir[64]; /* console, qemu.log, evidence; and the cache */
};

/* One that runs, without a process. */
void fake_guest_begin(struct fake_guest *guest);
void fake_guest_end(struct fake_guest *guest);
/* Gives it a process that does nothing, in QEMU's place. */
void fake_guest_spawn(struct fake_guest *guest);
/* What it does with what has come so far. */
void fake_guest_step(struct fake_guest *guest);

#endif
