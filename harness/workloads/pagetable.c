// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <sys/mman.h>

enum {
	PAGE = 4096,
	REACH = 2 << 20
}; /* a table of one page maps 2 MiB (x86-64, arm64 with 4 KiB) */

#define PIECE_BYTES ((uint64_t)1 << 30)

static int press(struct oom_load *load, void *ctx)
{
	uint64_t tables = oom_load_number(load, "Size", 0) / PAGE;

	(void)ctx;
	while (tables) {
		/* read-only: no commit charge; and all that is read is the one zero page */
		char *addr = mmap(NULL, PIECE_BYTES, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (addr == MAP_FAILED) {
			int status = oom_load_refused(load, errno);

			if (status != OOM_LOAD_RETRY)
				return status;
			continue;
		}
		/* a huge zero page would need no table */
		(void)madvise(addr, PIECE_BYTES, MADV_NOHUGEPAGE);
		for (uint64_t at = 0; at < PIECE_BYTES && tables; at += REACH, tables--) {
			(void)*(volatile char *)(addr + at);
			oom_load_reached(load, PAGE);
		}
	}
	return 0;
}

static int run(struct oom_load *load)
{
	if (oom_load_number(load, "Size", 0) < PAGE)
		return oom_load_failed(
			load, "Size= is missing: set how much to fill with page tables");
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of page tables per process; 1M of them maps 512M"),
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_pagetable = {
	.kind = {"pagetable",
		"takes Size= of page tables by reading one page per 2 MiB: RSS does not show it",
		keys},
	.run = run,
};
