// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/crowd.h"
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

static int take(struct oom_load *load, void *ctx)
{
	(void)ctx;
	return oom_load_grow(load, oom_load_number(load, "Size", 0), NULL);
}

/* Count= children, each with its memory before the gate opens */
static int run_many(struct oom_load *load)
{
	struct oom_crowd crowd;
	int status;

	if (oom_crowd_open(&crowd))
		return oom_load_failed(load, "cannot create a pipe: %m");
	status = oom_crowd_fork(&crowd, load, take, NULL);
	oom_crowd_settle(&crowd);
	oom_load_gate(load);
	return oom_crowd_end(&crowd, load, status, UINT64_MAX);
}

static int run(struct oom_load *load)
{
	int status;

	if (oom_load_number(load, "Count", 1) > 1)
		return run_many(load);
	status = take(load, NULL);
	if (status)
		return status;
	oom_load_gate(load);
	oom_load_hold(load, UINT64_MAX);
	return 0;
}

static const struct oom_key keys[] = {
	KEY_SIZE("0", "bytes that each process holds"),
	KEY_HOLD_FOREVER,
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_idle = {
	.kind = {"idle",
		"a bystander: touches Size= before the run begins, then holds it and does nothing",
		keys},
	.flags = OOM_WORKLOAD_BYSTANDER,
	.run = run,
};
