/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_ORDER_H
#define OOM_ATTEMPT_ORDER_H

#include "harness/guest/image/spec.h"
#include "lib/scenario/scenario.h"

#include <stdbool.h>
#include <stdint.h>

/* What an attempt is to be. */
struct oom_guest_order {
	const struct oom_guest_spec *spec;
	const struct oom_scenario *scenario;
	const char *evidence_dir; /* NULL: none is kept */
	unsigned attempt;
	uint64_t seed, timeout_us; /* timeout_us 0: the scenario's */
	/* Ahead of its turn: its guest is restored where that machine is saved, and waits for
	 * oom_guest_attempt_go(). It ends in no record before that. */
	bool ahead;
};

#endif
