// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/faults/fault.h"
#include "harness/faults/fault_unplug.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/unit_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct oom_key keys[] = {
	{"Count", OOM_T_INT, "1", "number of CPUs to unplug, from the last one down", 1, 63, NULL,
		0},
	OOM_UNPLUG_KEYS,
	{NULL},
};

/* cpu(5) lists of sysfs: "0-3,7" */
static uint64_t count_online(const char *text)
{
	uint8_t mask[OOM_CPUSET_BYTES];
	uint64_t count = 0;
	char list[256];
	size_t len;

	snprintf(list, sizeof(list), "%.*s", (int)strcspn(text, "\n"), text);
	if (oom_cpuset_parse(list, mask, &len) < 0)
		return UINT64_MAX;
	for (size_t i = 0; i < len; i++)
		count += (uint64_t)__builtin_popcount(mask[i]);
	return count;
}

static int cpu_prepare(struct oom_run_state *run, const struct oom_section *section,
	struct oom_err *err, void **ret_data)
{
	struct oom_unplug *u = oom_arena_alloc(&run->arena, sizeof(*u));

	if (!u)
		return oom_err_set(err, ENOMEM, "no memory for a fault");
	*ret_data = u;
	u->path = "/sys/devices/system/cpu/online";
	u->count = count_online;
	u->gone = (uint64_t)oom_section_int(section, "Count", 1);
	snprintf(u->request, sizeof(u->request), "{\"cpu_unplug\":%" PRIu64 "}", u->gone);
	return oom_unplug_prepare(run, section, u, err);
}

const struct oom_fault oom_fault_cpu_unplug = {
	.kind = {"cpu-unplug", "unplugs CPUs from the running machine", keys},
	.needs = "guest cpus>=2",
	.prepare = cpu_prepare,
	.fire = oom_unplug_fire,
	.under_way = oom_unplug_under_way,
	.release = oom_unplug_release,
};
