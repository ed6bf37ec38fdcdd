// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"
#include "harness/faults/fault_writer.h"
#include "lib/scenario/unit_property.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Writes a limit in mid-run. The cgroup's file is written, as an administrator's echo would: going
 * through systemd would allocate, and would wait for a manager that may be under pressure itself.
 */
static const struct oom_key keys[] = {
	{"Scope", OOM_T_STRING, NULL, "scope or slice whose limit changes (default: the only one)",
		0, 0, NULL, OOM_KEY_SCOPE},
	{"Property", OOM_T_STRING, "MemoryMax", "the property, as in systemd.resource-control(5)",
		0, 0, NULL, OOM_KEY_PROPERTY},
	{"Value", OOM_T_SIZE, NULL,
		"new value: a size, a percentage of the machine's memory, or infinity", 0, 0,
		"infinity", OOM_KEY_REQUIRED},
	{NULL},
};

static int limit_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct oom_backend_unit *unit = oom_fault_unit(run, section, err);
	const char *name = oom_section_text(section, "Property", "MemoryMax");
	const char *value = oom_section_text(section, "Value", "");
	const struct oom_unit_property *property = oom_unit_property_find(name);
	const char *file;
	struct oom_size size;
	char text[32];

	if (!unit)
		return -EINVAL;
	file = !property ? NULL : unit->v1 ? property->v1_file : property->v2_file;
	if (!file)
		return oom_err_set(err, EINVAL,
			"property '%s' of fault '%s' has no cgroup file here", name, section->name);
	if (!strcmp(value, "infinity"))
		snprintf(text, sizeof(text), "%s", unit->v1 ? "-1" : "max");
	else if (oom_parse_size(value, &size) == 0)
		snprintf(text, sizeof(text), "%llu",
			(unsigned long long)oom_size_bytes(&size, run->machine_bytes));
	else
		return oom_err_set(err, EINVAL, "value '%s' of fault '%s' is not a size", value,
			section->name);
	return oom_fault_writer_prepare(unit->dir_fd, file, text, run, err, ret_data);
}

const struct oom_fault oom_fault_limit = {
	.kind = {"limit", "writes a limit of a scope during the run", keys},
	.prepare = limit_prepare,
	.fire = oom_fault_writer_fire,
	.under_way = oom_fault_writer_under_way,
	.release = oom_fault_writer_release,
};
