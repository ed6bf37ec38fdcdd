// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/crowd.h"
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>

struct inherited {
	char *addr;
	uint64_t bytes;
};

/* Each write of a child to an inherited page makes a copy of it. */
static int write_share(struct oom_load *load, void *ctx)
{
	const struct inherited *inherited = ctx;
	double share = (double)oom_load_number(load, "Share", 100) / 100;

	load->start_us = oom_load_now_us();
	oom_load_touch(load, inherited->addr,
		(uint64_t)((double)inherited->bytes * share) & ~(uint64_t)4095);
	return 0;
}

static int run(struct oom_load *load)
{
	struct inherited inherited = {.bytes = oom_load_number(load, "Size", 0)};
	struct oom_crowd crowd;
	int status;

	if (!inherited.bytes)
		return oom_load_failed(load, "Size= is missing: set how much the children inherit");
	if (oom_crowd_open(&crowd))
		return oom_load_failed(load, "cannot create a pipe: %m");
	oom_load_gate(load);
	while (!(inherited.addr = oom_load_map(inherited.bytes))) {
		status = oom_load_refused(load, errno);
		if (status != OOM_LOAD_RETRY)
			return status;
	}
	oom_load_walk(load, inherited.addr, inherited.bytes, true);
	status = oom_crowd_fork(&crowd, load, write_share, &inherited);
	return oom_crowd_end(&crowd, load, status, 0);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes that the first process touches and its children inherit"),
	{.name = "Share",
		.type = OOM_T_INT,
		.dflt = "100",
		.min = 0,
		.max = 100,
		.help = "percentage of the inherited Size= that each of the Count= children "
			"writes to"},
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_cow = {
	.kind = {"cow", "touches Size= and forks Count= children, which write to the shared pages",
		keys},
	.run = run,
};
