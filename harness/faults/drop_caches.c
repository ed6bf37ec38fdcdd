// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"

#include <fcntl.h>

static const struct oom_key keys[] = {
	{"What", OOM_T_CHOICE, "3", "1: page cache, 2: dentries and inodes, 3: both", 0, 0, "1|2|3",
		0},
	{NULL},
};

static int drop_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	return oom_fault_file_prepare(AT_FDCWD, "/proc/sys/vm/drop_caches",
		oom_section_text(section, "What", "3"), run, err, ret_data);
}

const struct oom_fault oom_fault_drop_caches = {
	.kind = {"drop-caches", "drops the clean caches of the whole machine (vm.drop_caches)",
		keys},
	.needs = "root",
	.host_risk = true,
	.prepare = drop_prepare,
	.fire = oom_fault_file_fire,
	.release = oom_fault_file_release,
};
