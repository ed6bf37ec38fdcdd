// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"
#include "lib/cgroup_file.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const struct oom_key keys[] = {
	{"Name", OOM_T_STRING, NULL, "the sysctl: vm.overcommit_memory", 0, 0, NULL, OOM_KEY_REQUIRED},
	{"Value", OOM_T_STRING, NULL, "what is written; the old value is put back at the end", 0, 0, NULL,
		OOM_KEY_REQUIRED},
	{NULL},
};

static int sysctl_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	const char *name = oom_section_text(section, "Name", "");
	oom_autoclose int fd = -1;
	char path[256], old[256];
	long n;
	int r;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (char *p = path + strlen("/proc/sys/"); *p; p++)
		*p = *p == '.' ? '/' : *p;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return oom_err_errno(err, errno, "cannot open sysctl '%s'", name);
	n = oom_cgroup_pread(fd, old, sizeof(old));
	if (n < 0)
		return oom_err_errno(err, (int)-n, "cannot read sysctl '%s'", name);
	old[strcspn(old, "\n")] = '\0';
	r = oom_undo_add(run->undo, err, "sysctl", name, old, NULL);
	if (r < 0)
		return r;
	return oom_fault_file_prepare(
		AT_FDCWD, path, oom_section_text(section, "Value", ""), run, err, ret_data);
}

const struct oom_fault oom_fault_sysctl = {
	.kind = {"sysctl", "writes a sysctl in the middle of the run", keys},
	.needs = "root",
	.host_risk = true,
	.prepare = sysctl_prepare,
	.fire = oom_fault_file_fire,
	.release = oom_fault_file_release,
};
