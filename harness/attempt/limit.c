// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/limit.h"

#include <stdio.h>
#include <string.h>

/* The nearest of @unit and the slices above it that has a MemoryMax=; NULL: none. */
const struct oom_section *oom_unit_capped(const struct oom_scenario *scenario, const char *unit)
{
	const struct oom_section *section =
		unit ? oom_scenario_section(scenario, OOM_SEC_SCOPE, unit) : NULL;

	if (unit && !section)
		section = oom_scenario_section(scenario, OOM_SEC_SLICE, unit);
	/* nesting ends: the reader refuses a slice inside itself; 16 bounds a tree made by hand */
	for (int depth = 0; section && depth < 16; depth++) {
		const struct oom_setting *max = oom_section_get(section, "MemoryMax");
		const char *above = oom_section_text(section, "Slice", NULL);

		if (max && strcmp(max->value.text, "infinity"))
			return section;
		section = above ? oom_scenario_section(scenario, OOM_SEC_SLICE, above) : NULL;
	}
	return NULL;
}

uint64_t oom_unit_limit_bytes(
	const struct oom_scenario *scenario, const char *unit, uint64_t machine_bytes)
{
	const struct oom_section *section;

	if (!unit && oom_scenario_count(scenario, OOM_SEC_SCOPE) == 1)
		unit = oom_scenario_section(scenario, OOM_SEC_SCOPE, NULL)->name;
	section = oom_unit_capped(scenario, unit);
	return section ? oom_section_size(section, "MemoryMax", machine_bytes, machine_bytes)
		       : machine_bytes;
}
