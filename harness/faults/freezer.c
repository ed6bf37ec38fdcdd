// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/freezer.h"

#include "harness/faults/fault_file.h"
#include "harness/units/unit.h"

#include <errno.h>

struct freezer {
	struct oom_backend_unit *unit;
	void *file;
};

int oom_freezer_prepare(struct oom_backend_unit *unit, const char *text, struct oom_run_state *run,
	struct oom_err *err, void **ret_data)
{
	struct freezer *freezer = oom_arena_alloc(&run->arena, sizeof(*freezer));

	if (!freezer)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	freezer->unit = unit;
	*ret_data = freezer;
	return oom_fault_file_prepare(
		unit->dir_fd, "cgroup.freeze", text, run, err, &freezer->file);
}

/* The kernel would freeze an empty cgroup without a word. */
int oom_freezer_fire(struct oom_run_state *run, void *data)
{
	struct freezer *freezer = data;

	if (!oom_unit_has_processes(freezer->unit))
		return -ESRCH;
	return oom_fault_file_fire(run, freezer->file);
}

void oom_freezer_release(void *data)
{
	struct freezer *freezer = data;

	if (freezer)
		oom_fault_file_release(freezer->file);
}
