// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"

#include <fcntl.h>

static const struct oom_key keys[] = {{NULL}};

static int sysrq_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	(void)section;
	return oom_fault_file_prepare(AT_FDCWD, "/proc/sysrq-trigger", "f", run, err, ret_data);
}

const struct oom_fault oom_fault_sysrq_oom = {
	.kind = {"sysrq-oom", "invokes the OOM killer by hand (echo f >/proc/sysrq-trigger)", keys},
	.needs = "root",
	.host_risk = true,
	.prepare = sysrq_prepare,
	.fire = oom_fault_file_fire,
	.release = oom_fault_file_release,
	.lasts = true,
};
