// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/workload.h"

#include <string.h>

const struct oom_workload *const oom_workloads[] = {
#define WORKLOAD(ident) &oom_workload_##ident,
#include "harness/workloads/workloads.def"
#undef WORKLOAD
	NULL,
};

const struct oom_workload *oom_workload_find(const char *name)
{
	for (const struct oom_workload *const *w = oom_workloads; *w; w++)
		if (!strcmp((*w)->kind.name, name))
			return *w;
	return NULL;
}
