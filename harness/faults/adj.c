// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static const struct oom_key keys[] = {
	{"Workload", OOM_T_STRING, NULL, "workload whose first process is changed", 0, 0, NULL,
		OOM_KEY_REQUIRED | OOM_KEY_WORKLOAD},
	{"Value", OOM_T_INT, NULL, "the new oom_score_adj", -1000, 1000, NULL, OOM_KEY_REQUIRED},
	{NULL},
};

struct adj_fault {
	struct oom_run_workload *workload;
	void *file;
};

static int adj_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct adj_fault *fault = oom_arena_alloc(&run->arena, sizeof(*fault));
	char path[64], text[16];

	if (!fault)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	fault->workload = oom_fault_workload(run, section, err);
	if (!fault->workload)
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", fault->workload->pid);
	snprintf(text, sizeof(text), "%lld", (long long)oom_section_int(section, "Value", 0));
	*ret_data = fault;
	return oom_fault_file_prepare(AT_FDCWD, path, text, run, err, &fault->file);
}

/* The file takes a zombie's value, too */
static int adj_fire(struct oom_run_state *run, void *data)
{
	struct adj_fault *fault = data;

	if (oom_run_workload_gone(fault->workload))
		return -ESRCH;
	return oom_fault_file_fire(run, fault->file);
}

static void adj_release(void *data)
{
	struct adj_fault *fault = data;

	if (fault)
		oom_fault_file_release(fault->file);
}

const struct oom_fault oom_fault_adj = {
	.kind = {"adj", "writes a workload's oom_score_adj during the run", keys},
	.prepare = adj_prepare,
	.fire = adj_fire,
	.release = adj_release,
};
