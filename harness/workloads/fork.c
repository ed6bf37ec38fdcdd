// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/crowd.h"
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <sys/types.h>
#include <unistd.h>

struct bomb {
	uint64_t children, size_bytes, every_us;
	struct oom_crowd crowd;
};

static int explode(struct oom_load *load, struct bomb *bomb, uint64_t depth);

/* What each child does: takes its memory, forks on, and stays. */
static int child(struct oom_load *load, struct bomb *bomb, uint64_t depth)
{
	int status;

	oom_crowd_enter(&bomb->crowd);
	status = oom_load_grow(load, bomb->size_bytes, NULL);
	if (!status && depth > 1)
		status = explode(load, bomb, depth - 1);
	oom_crowd_stay(&bomb->crowd, load);
	return oom_load_wait(load, status);
}

/* Takes one of the forks that are left to the whole tree: .ops counts them. */
static bool take_fork(struct oom_load *load, struct bomb *bomb)
{
	if (atomic_fetch_add(&load->page->ops, 1) < bomb->children || !bomb->children)
		return true;
	atomic_fetch_sub(&load->page->ops, 1);
	return false;
}

/* Forks until the bound or the first refusal. */
static int explode(struct oom_load *load, struct bomb *bomb, uint64_t depth)
{
	uint64_t next_us = oom_load_now_us();
	int status = 0;

	while (take_fork(load, bomb)) {
		pid_t pid = oom_load_fork_always(load, &status);

		if (pid == 0)
			_exit(child(load, bomb, depth));
		if (pid < 0) {
			atomic_fetch_sub(&load->page->ops, 1);
			return status;
		}
		if (bomb->every_us)
			oom_load_sleep_until(load, next_us += bomb->every_us);
	}
	return 0;
}

static int run(struct oom_load *load)
{
	struct bomb bomb = {
		.children = oom_load_number(load, "Children", 1000),
		.size_bytes = oom_load_number(load, "Size", 0),
		.every_us = oom_load_usec(load, "Every", 0),
	};

	if (oom_crowd_open(&bomb.crowd))
		return oom_load_failed(load, "cannot create a pipe: %m");
	oom_load_gate(load);
	return oom_crowd_end(
		&bomb.crowd, load, explode(load, &bomb, oom_load_number(load, "Depth", 1)), 0);
}

static const struct oom_key keys[] = {
	KEY_SIZE("0", "bytes that each child takes"),
	{.name = "Children",
		.type = OOM_T_INT,
		.dflt = "1000",
		.min = 0,
		.max = 1 << 22,
		.help = "total number of processes to fork; 0: until the kernel refuses"},
	{.name = "Depth",
		.type = OOM_T_INT,
		.dflt = "1",
		.min = 1,
		.max = 1 << 22,
		.help = "generations: with 1 only the first process forks, with 2 its children "
			"fork too, and so on"},
	{.name = "Every",
		.type = OOM_T_DURATION,
		.dflt = "0",
		.help = "time between two forks of a process"},
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_fork = {
	.kind = {"fork", "a fork bomb: each child takes Size= and stays until all have been forked",
		keys},
	.ops = "forks",
	.run = run,
};
