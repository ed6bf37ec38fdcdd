// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"
#include "harness/faults/fault_unplug.h"
#include "harness/guest/vm/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct oom_key keys[] = {
	{"Size", OOM_T_SIZE, "128M",
		"memory to unplug, a multiple of 128M; [Machine] Memory= includes it, as modules",
		1, INT64_MAX, NULL, OOM_KEY_ABSOLUTE},
	OOM_UNPLUG_KEYS,
	{NULL},
};

/* proc_zoneinfo(5): the pages of all zones ("        present  32768"). A balloon does not change
 * them. */
static uint64_t count_pages(const char *text)
{
	uint64_t pages = 0;

	for (const char *p = text; (p = strstr(p, " present ")); p++)
		pages += strtoull(p + 9, NULL, 10);
	return pages ? pages : UINT64_MAX;
}

/* Only what the kernel keeps movable can go: the modules, and nothing else (memhp_default_state=).
 */
static uint64_t movable_pages(const char *text)
{
	uint64_t pages = 0;

	for (const char *p = text; (p = strstr(p, "zone  Movable")); p++) {
		const char *at = strstr(p, " present ");

		pages += at ? strtoull(at + 9, NULL, 10) : 0;
	}
	return pages;
}

static int memory_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	uint64_t bytes =
		oom_section_size(section, "Size", run->machine_bytes, OOM_GUEST_DIMM_BYTES);
	struct oom_unplug *u = oom_arena_alloc(&run->arena, sizeof(*u));
	int r;

	if (!u)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	*ret_data = u;
	u->path = "/proc/zoneinfo";
	u->count = count_pages;
	u->gone = bytes / (uint64_t)sysconf(_SC_PAGESIZE);
	snprintf(u->request, sizeof(u->request), "{\"memory_unplug\":%" PRIu64 "}",
		bytes / OOM_GUEST_DIMM_BYTES);
	r = oom_unplug_prepare(run, section, u, err);
	if (!r && movable_pages(u->text) < u->gone)
		r = oom_err_set(err, ENOTSUP,
			"this kernel has not onlined the memory that fault '%s' is to unplug "
			"(CONFIG_MEMORY_HOTPLUG, CONFIG_ACPI_HOTPLUG_MEMORY)",
			section->name);
	return r;
}

const struct oom_fault oom_fault_memory_unplug = {
	.kind = {"memory-unplug", "unplugs memory modules from the running machine", keys},
	.needs = "guest",
	.prepare = memory_prepare,
	.fire = oom_unplug_fire,
	.under_way = oom_unplug_under_way,
	.release = oom_unplug_release,
};
