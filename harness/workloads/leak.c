// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <stdlib.h>

enum { PAGE = 4096, STEP_BYTES = 64 << 10 };

static int press(struct oom_load *load, void *ctx)
{
	uint64_t block = oom_load_number(load, "Block", PAGE),
		 size = oom_load_number(load, "Size", 0);
	uint64_t leaked = 0, uncounted = 0;

	(void)ctx;
	while (!size || leaked < size) {
		char *memory = malloc(block);

		if (!memory) {
			int status = oom_load_refused(load, errno);

			if (status != OOM_LOAD_RETRY)
				return status;
			continue;
		}
		for (uint64_t at = 0; at + sizeof(uint64_t) <= block; at += PAGE)
			oom_load_fill(memory + at, false);
		leaked += block;
		uncounted += block;
		if (uncounted >= STEP_BYTES || leaked >= size) {
			oom_load_reached(load, uncounted);
			uncounted = 0;
		}
	}
	return 0;
}

static int run(struct oom_load *load)
{
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE(NULL, "bytes that each process leaks; default: unlimited"),
	{.name = "Block",
		.type = OOM_T_SIZE,
		.dflt = "4K",
		.min = 16,
		.max = 1 << 30,
		.help = "size of each malloc(3) that is never freed"},
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_leak = {
	.kind = {"leak", "leaks small malloc(3) blocks at Rate=, up to Size= (default: forever)",
		keys},
	.run = run,
};
