// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"
#include "harness/units/unit.h"

#include <errno.h>

static const struct oom_key keys[] = {
	{"Scope", OOM_T_STRING, NULL, "scope whose processes are killed (default: the only one)", 0,
		0, NULL, OOM_KEY_SCOPE},
	{NULL},
};

static int kill_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct oom_backend_unit *unit = oom_fault_unit(run, section, err);

	*ret_data = unit;
	return unit ? 0 : -EINVAL;
}

/* Not the file cgroup.kill: it would take the unit's keeper, and the counters, with it. */
static int kill_fire(struct oom_run_state *run, void *data)
{
	(void)run;
	return oom_unit_kill(data) ? 0 : -ESRCH;
}

const struct oom_fault oom_fault_cgroup_kill = {
	.kind = {"cgroup-kill",
		"sends SIGKILL to every process of a scope, frozen so that none escapes", keys},
	.prepare = kill_prepare,
	.fire = kill_fire,
};
