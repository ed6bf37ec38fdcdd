// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/attempt.h"

#include <stdio.h>
#include <string.h>

/* The nearest of @unit and the slices above it that has a MemoryMax=; NULL: none. */
static const struct oom_section *capped_unit(const struct oom_scenario *scenario, const char *unit)
{
	const struct oom_section *section = unit ? oom_scenario_section(scenario, OOM_SEC_SCOPE, unit)
						 : NULL;

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

uint64_t oom_unit_limit_bytes(const struct oom_scenario *scenario, const char *unit,
	uint64_t machine_bytes)
{
	const struct oom_section *section;

	if (!unit && oom_scenario_count(scenario, OOM_SEC_SCOPE) == 1)
		unit = oom_scenario_section(scenario, OOM_SEC_SCOPE, NULL)->name;
	section = capped_unit(scenario, unit);
	return section ? oom_section_size(section, "MemoryMax", machine_bytes, machine_bytes)
		       : machine_bytes;
}

const char *oom_host_risk(const struct oom_scenario *scenario, char *buf, size_t size)
{
	static const char way_out[] = "run it in a guest (--in guest), or with --allow-host-oom";
	const struct oom_section *s = NULL;
	size_t n_scopes = oom_scenario_count(scenario, OOM_SEC_SCOPE);

	if (oom_scenario_section(scenario, OOM_SEC_SYSCTL, NULL)) {
		snprintf(buf, size, "changes sysctls of the whole host: %s", way_out);
		return buf;
	}
	while ((s = oom_scenario_next(scenario, OOM_SEC_FAULT, s))) {
		if (oom_fault_of(s->type)->host_risk) {
			snprintf(buf, size, "fault '%s' acts on the whole host: %s", s->name, way_out);
			return buf;
		}
	}
	while ((s = oom_scenario_next(scenario, OOM_SEC_WORKLOAD, s))) {
		const char *scope = oom_section_text(s, "Scope", NULL);

		if (!scope && n_scopes == 1)
			scope = oom_scenario_section(scenario, OOM_SEC_SCOPE, NULL)->name;
		if (oom_workload_of(s->type)->flags & OOM_WORKLOAD_HOST_RISK ||
			!capped_unit(scenario, scope)) {
			snprintf(buf, size, "workload '%s' could take the whole host out of memory "
				"(no MemoryMax= above it): %s", s->name, way_out);
			return buf;
		}
	}
	return NULL;
}
