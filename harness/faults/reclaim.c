// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"
#include "harness/faults/fault_writer.h"

#include <errno.h>
#include <stdio.h>

static const struct oom_key keys[] = {
	{"Scope", OOM_T_STRING, NULL, "scope to reclaim from (default: the only one)", 0, 0, NULL,
		OOM_KEY_SCOPE},
	{"Size", OOM_T_SIZE, NULL, "bytes to reclaim", 0, 0, NULL, OOM_KEY_REQUIRED},
	{NULL},
};

static int reclaim_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct oom_backend_unit *unit = oom_fault_unit(run, section, err);
	char text[32];

	if (!unit)
		return -EINVAL;
	snprintf(text, sizeof(text), "%llu",
		(unsigned long long)oom_section_size(section, "Size", run->machine_bytes, 0));
	return oom_fault_writer_prepare(unit->dir_fd, "memory.reclaim", text, run, err, ret_data);
}

const struct oom_fault oom_fault_reclaim = {
	.kind = {"reclaim", "reclaims memory from a scope (memory.reclaim, Linux 5.19)", keys},
	.needs = "cgroup2 kernel>=5.19",
	.prepare = reclaim_prepare,
	.fire = oom_fault_writer_fire,
	.under_way = oom_fault_writer_under_way,
	.release = oom_fault_writer_release,
};
