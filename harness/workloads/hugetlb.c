// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <linux/mman.h>
#include <sys/mman.h>

static int press(struct oom_load *load, void *ctx)
{
	uint64_t bytes = oom_load_number(load, "Size", 0);
	bool giant = oom_load_is(load, "PageSize", "1G");
	uint64_t page_bytes = giant ? (uint64_t)1 << 30 : (uint64_t)2 << 20;
	int flags =
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (giant ? MAP_HUGE_1GB : MAP_HUGE_2MB);

	(void)ctx;
	for (uint64_t done = 0; done < bytes;) {
		/* mmap() reserves the page from the pool: no SIGBUS later, but ENOMEM here */
		void *addr = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

		if (addr == MAP_FAILED) {
			int status = oom_load_refused(load, errno);

			if (status != OOM_LOAD_RETRY)
				return status;
			continue;
		}
		oom_load_fill(addr, false);
		done += page_bytes;
		oom_load_reached(load, page_bytes);
	}
	return 0;
}

static int run(struct oom_load *load)
{
	if (!oom_load_number(load, "Size", 0))
		return oom_load_failed(load, "Size= is missing: set how much memory to take");
	return oom_load_press(load, press, NULL);
}

static const struct oom_key keys[] = {
	KEY_SIZE_REQUIRED("bytes of huge pages per process, rounded up to whole pages"),
	{.name = "PageSize",
		.type = OOM_T_CHOICE,
		.dflt = "2M",
		.choices = "2M|1G",
		.help = "page size; the pool must hold enough of them ([Machine] HugePages=, "
			"vm.nr_hugepages)"},
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_hugetlb = {
	.kind = {"hugetlb", "takes Size= of huge pages from the pool, page by page", keys},
	.run = run,
};
