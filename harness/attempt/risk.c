// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/risk.h"

#include "harness/attempt/limit.h"
#include "harness/faults/fault.h"
#include "harness/workloads/workload.h"
#include "lib/scenario/scenario.h"

#include <stdio.h>
#include <string.h>

const char *oom_host_risk(const struct oom_scenario *scenario, char *buf, size_t size)
{
	static const char way_out[] = "use --in guest, or allow it with --allow-host-oom";
	const struct oom_section *s = NULL;
	size_t n_scopes = oom_scenario_count(scenario, OOM_SEC_SCOPE);

	if (oom_scenario_section(scenario, OOM_SEC_SYSCTL, NULL)) {
		snprintf(buf, size, "it changes sysctls of the whole host: %s", way_out);
		return buf;
	}
	while ((s = oom_scenario_next(scenario, OOM_SEC_FAULT, s))) {
		if (oom_fault_of(s->type)->host_risk) {
			snprintf(buf, size, "fault '%s' acts on the whole host: %s", s->name,
				way_out);
			return buf;
		}
	}
	while ((s = oom_scenario_next(scenario, OOM_SEC_WORKLOAD, s))) {
		const char *scope = oom_section_text(s, "Scope", NULL);

		if (!scope && n_scopes == 1)
			scope = oom_scenario_section(scenario, OOM_SEC_SCOPE, NULL)->name;
		if (oom_workload_of(s->type)->flags & OOM_WORKLOAD_HOST_RISK ||
			!oom_unit_capped(scenario, scope)) {
			snprintf(buf, size,
				"workload '%s' could take the whole host out of memory "
				"(no MemoryMax= above it): %s",
				s->name, way_out);
			return buf;
		}
	}
	return NULL;
}
