// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/sysctl.h"
#include "harness/faults/fault_file.h"
#include "harness/undo/add.h"

#include <errno.h>
#include <fcntl.h>

static const struct oom_key keys[] = {
	{"Name", OOM_T_STRING, NULL, "the sysctl: vm.overcommit_memory", 0, 0, NULL,
		OOM_KEY_REQUIRED | OOM_KEY_SYSCTL},
	{"Value", OOM_T_STRING, NULL, "value to write; the old one is restored at the end", 0, 0,
		NULL, OOM_KEY_REQUIRED},
	{NULL},
};

static int sysctl_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	const char *name = oom_section_text(section, "Name", "");
	/* as it is written by echo: kernel.printk_devkmsg takes nothing without a line feed */
	char *line = oom_arena_printf(&run->arena, "%s\n", oom_section_text(section, "Value", ""));
	char path[256];
	int r = oom_sysctl_path(name, path, sizeof(path));

	if (r < 0)
		return oom_err_set(
			err, EINVAL, "'%s' of fault '%s' is not a sysctl", name, section->name);
	r = oom_undo_add_sysctl(run->undo, name, err);
	if (r < 0)
		return r;
	if (!line)
		return oom_err_set(err, ENOMEM, "no memory for fault '%s'", section->name);
	return oom_fault_file_prepare(AT_FDCWD, path, line, run, err, ret_data);
}

const struct oom_fault oom_fault_sysctl = {
	.kind = {"sysctl", "writes a sysctl during the run", keys},
	.needs = "root",
	.host_risk = true,
	.prepare = sysctl_prepare,
	.fire = oom_fault_file_fire,
	.release = oom_fault_file_release,
};
