// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE = 4096, HUGE = 2 << 20 };

/* One byte in two megabytes: with huge pages the kernel gives 512 times what was asked for. */
static int touch_sparsely(struct oom_load *load, char *addr, uint64_t bytes)
{
	unsigned char present[HUGE / PAGE];

	for (uint64_t at = 0; at < bytes; at += HUGE) {
		uint64_t pages = 0;

		oom_load_fill(addr + at, false);
		/* a page of anonymous memory is in core when it was given */
		if (!mincore(addr + at, HUGE, present))
			for (unsigned i = 0; i < HUGE / PAGE; i++)
				pages += present[i] & 1;
		if (pages == HUGE / PAGE)
			atomic_fetch_add(&load->page->ops, 1);
		oom_load_reached(load, pages * PAGE);
	}
	return 0;
}

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = (oom_load_number(load, "Size", 0) + HUGE - 1) & ~(uint64_t)(HUGE - 1);
	char *addr;

	(void)ctx;
	while (!(addr = oom_load_map(bytes + HUGE))) {
		int status = oom_load_refused(load, errno);

		if (status != OOM_LOAD_RETRY)
			return status;
	}
	addr += (HUGE - (uintptr_t)addr % HUGE) % HUGE;
	if (madvise(addr, bytes, MADV_HUGEPAGE))
		return oom_load_failed(load, "this kernel has no transparent huge pages: %m");
	if (oom_load_bool(load, "Sparse", true))
		return touch_sparsely(load, addr, bytes);
	oom_load_touch(load, addr, bytes);
	return 0;
}

static int run(struct oom_load *load)
{
	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much memory to take");
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of memory that each process spreads over, rounded up to 2 MiB"),
	{.name = "Sparse",
		.type = OOM_T_BOOL,
		.dflt = "yes",
		.help = "write only one word per 2 MiB, the classic bloat; no: one word per 4 KiB"},
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_thp = {
	.kind = {"thp",
		"requests transparent huge pages over Size=; reached is what the kernel granted",
		keys},
	.ops = "huge pages got",
	.run = run,
};
