// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/keys.h"
#include "harness/workloads/workload.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

struct service {
	volatile char *set; /* the working set */
	uint64_t set_pages, touches, alloc_bytes, interval_us;
	uint64_t state;
};

/* One request: reads pages all over the working set, takes and gives back a little memory. */
static int serve(struct oom_load *load, struct service *service)
{
	char *memory;

	for (uint64_t i = 0; i < service->touches && service->set_pages; i++) {
		service->state = service->state * 0xd1342543de82ef95u + 0x9e3779b97f4a7c15u;
		(void)service->set[(service->state >> 20) % service->set_pages * PAGE];
	}
	if (!service->alloc_bytes)
		return 0;
	memory = mmap(NULL, service->alloc_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return oom_load_refused(load, errno);
	for (uint64_t at = 0; at < service->alloc_bytes; at += PAGE)
		oom_load_fill(memory + at, false);
	munmap(memory, service->alloc_bytes);
	return 0;
}

/* A request's latency counts from when it was due, so that one slow answer does not hide the wait
 * of the next; those that fell into it are not made up for. */
static int serve_until(struct oom_load *load, struct service *service, uint64_t end_us)
{
	uint64_t due_us = oom_load_now_us() + service->interval_us;

	while (due_us < end_us) {
		uint64_t now_us;
		int status;

		oom_load_sleep_until(load, due_us);
		status = serve(load, service);
		now_us = oom_load_now_us();
		if (status == OOM_LOAD_EXIT_REFUSED)
			return status;
		oom_load_latency(load, now_us - due_us);
		atomic_fetch_add(&load->page->ops, 1);
		due_us += service->interval_us;
		if (due_us < now_us)
			due_us = now_us;
	}
	return 0;
}

static int run(struct oom_load *load)
{
	struct service service = {
		.touches = oom_load_number(load, "Touches", 64),
		.alloc_bytes = oom_load_number(load, "Alloc", 64 << 10),
		.interval_us = oom_load_usec(load, "Interval", 10000),
	};
	uint64_t bytes = oom_load_number(load, "Size", 0),
		 hold_us = oom_load_usec(load, "Hold", UINT64_MAX);

	if (bytes) {
		service.set = oom_load_map(bytes);
		if (!service.set)
			return oom_load_failed(load, "cannot allocate the working set: %m");
		oom_load_touch(load, (void *)service.set, bytes);
		service.set_pages = (bytes + PAGE - 1) / PAGE;
	}
	oom_load_gate(load);
	return serve_until(load, &service,
		hold_us < UINT64_MAX - load->start_us ? load->start_us + hold_us : UINT64_MAX);
}

static const struct oom_key keys[] = {
	KEY_SIZE("0", "bytes of the working set"),
	KEY_HOLD_FOREVER,
	{.name = "Interval",
		.type = OOM_T_DURATION,
		.dflt = "10ms",
		.min = 100,
		.max = INT64_MAX,
		.help = "time between two requests"},
	{.name = "Touches",
		.type = OOM_T_INT,
		.dflt = "64",
		.min = 0,
		.max = 1 << 20,
		.help = "pages that a request reads, spread over the working set (Size=)"},
	{.name = "Alloc",
		.type = OOM_T_SIZE,
		.dflt = "64K",
		.min = 0,
		.max = 1 << 30,
		.help = "bytes that a request allocates, touches and frees"},
	KEY_FILL,
	KEY_ON_REFUSAL,
	{NULL},
};

const struct oom_workload oom_workload_service = {
	.kind = {"service",
		"a bystander that serves requests, for Hold= or until the end, and measures their "
		"latency",
		keys},
	.flags = OOM_WORKLOAD_BYSTANDER,
	.ops = "requests served",
	.run = run,
};
