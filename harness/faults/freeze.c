// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"
#include "harness/faults/freezer.h"

#include <errno.h>

static const struct oom_key keys[] = {
	{"Scope", OOM_T_STRING, NULL, "scope that is frozen (default: the only one)", 0, 0, NULL,
		OOM_KEY_SCOPE},
	{NULL},
};

static int freeze_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct oom_backend_unit *unit = oom_fault_unit(run, section, err);

	if (!unit)
		return -EINVAL;
	return oom_freezer_prepare(unit, "1", run, err, ret_data);
}

const struct oom_fault oom_fault_freeze = {
	.kind = {"freeze", "freezes a scope's processes (cgroup.freeze)", keys},
	.needs = "cgroup2",
	.prepare = freeze_prepare,
	.fire = oom_freezer_fire,
	.release = oom_freezer_release,
};
