/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LIMIT_H
#define OOM_LIMIT_H

#include "lib/scenario/scenario.h"

/* What 100 % of a workload's sizes is: its scope's MemoryMax, else the machine's memory. */
uint64_t oom_unit_limit_bytes(
	const struct oom_scenario *scenario, const char *unit, uint64_t machine_bytes);

/* The nearest of @unit and the slices above it that has a MemoryMax=; NULL: none. */
const struct oom_section *oom_unit_capped(const struct oom_scenario *scenario, const char *unit);

#endif
