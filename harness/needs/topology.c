// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/topology.h"

#include "harness/needs/needs.h"
#include "harness/needs/probe.h"
#include "lib/base/format.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/unit_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Probes of what the machine is made of: processors and memory nodes. */

/* How many are in a list like "0-3,7"; 0 when it cannot be read. */
static uint64_t count_of(const struct oom_need_env *env, const char *path)
{
	uint8_t mask[OOM_CPUSET_BYTES];
	uint64_t count = 0;
	size_t len;
	char text[512];

	if (oom_need_read(env, path, text, sizeof(text)) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (oom_cpuset_parse(text, mask, &len) < 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		count += (uint64_t)__builtin_popcount(mask[i]);
	return count;
}

static int enough(
	const struct oom_need_want *want, uint64_t have, const char *what, struct oom_err *err)
{
	if (oom_need_number_holds(want, have))
		return 0;
	return oom_err_set(err, ENOTSUP, "this machine has %" PRIu64 " %s%s", have, what,
		have == 1 ? "" : "s");
}

int oom_need_cpus(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	return enough(want, count_of(env, "sys/devices/system/cpu/online"), "CPU", err);
}

int oom_need_numa(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	struct oom_need_want two = *want;
	uint64_t nodes = count_of(env, "sys/devices/system/node/online");

	if (!*want->op) {
		snprintf(two.op, sizeof(two.op), ">=");
		two.number = 2;
	}
	/* a kernel without NUMA has one node, too */
	return enough(&two, nodes ? nodes : 1, "NUMA node", err);
}

int oom_need_node_memory(
	const struct oom_need_env *env, unsigned node, uint64_t bytes, struct oom_err *err)
{
	char path[64], text[4096], want[24], have[24];
	const char *total;
	uint64_t kib;

	snprintf(path, sizeof(path), "sys/devices/system/node/node%u/meminfo", node);
	if (oom_need_read(env, path, text, sizeof(text)) < 0 ||
		!(total = strstr(text, "MemTotal:")))
		return oom_err_set(err, ENOTSUP, "needs %s on node %u: this machine has no node %u",
			oom_format_size(bytes, want), node, node);
	kib = strtoull(total + strlen("MemTotal:"), NULL, 10);
	if (oom_need_fitted_bytes(kib) >= bytes)
		return 0;
	return oom_err_set(err, ENOTSUP, "needs %s on node %u: it has %s",
		oom_format_size(bytes, want), node, oom_format_size(kib * 1024, have));
}
