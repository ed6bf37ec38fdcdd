// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/schema.h"

#include "harness/expects/expect.h"
#include "harness/faults/fault.h"
#include "harness/needs/needs.h"
#include "harness/workloads/workload.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/unit_value.h"

enum {
	N_WORKLOADS = 0
#define WORKLOAD(ident) +1
#include "harness/workloads/workloads.def"
#undef WORKLOAD
	,
	N_FAULTS = 0
#define FAULT(ident) +1
#include "harness/faults/faults.def"
#undef FAULT
	,
	/* far more than systemd has; oom_schema() could not leave one out unseen: test_schema.c
	   counts */
	MAX_UNIT_KEYS = 128
};

const struct oom_schema *oom_schema(void)
{
	static const struct oom_kind *workloads[N_WORKLOADS + 1], *faults[N_FAULTS + 1];
	static struct oom_key unit_keys[MAX_UNIT_KEYS], scope_keys[MAX_UNIT_KEYS],
		service_keys[MAX_UNIT_KEYS];
	static struct oom_schema schema;

	if (schema.workloads)
		return &schema;
	for (size_t i = 0; i < N_WORKLOADS; i++)
		workloads[i] = &oom_workloads[i]->kind;
	for (size_t i = 0; i < N_FAULTS; i++)
		faults[i] = &oom_faults[i]->kind;
	oom_unit_property_keys(
		OOM_UNIT_SLICE | OOM_UNIT_SCOPE | OOM_UNIT_SERVICE, unit_keys, MAX_UNIT_KEYS);
	oom_unit_property_keys(OOM_UNIT_SCOPE, scope_keys, MAX_UNIT_KEYS);
	oom_unit_property_keys(OOM_UNIT_SERVICE, service_keys, MAX_UNIT_KEYS);
	schema = (struct oom_schema){
		.workloads = workloads,
		.faults = faults,
		.expects = oom_expect_keys(),
		.needs = oom_need_names(),
		.unit_keys = unit_keys,
		.scope_keys = scope_keys,
		.service_keys = service_keys,
		.check_need = oom_need_check,
		.check_unit = oom_unit_property_check,
	};
	return &schema;
}
