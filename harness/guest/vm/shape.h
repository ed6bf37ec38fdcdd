/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_SHAPE_H
#define OOM_VM_SHAPE_H

#include "lib/scenario/scenario.h"

struct oom_guest_shape {
	uint64_t memory_bytes;
	uint64_t node_bytes[OOM_NUMA_NODES_MAX];
	int n_nodes, cpus;
	/* what the scenario's faults may unplug, out of cpus and memory_bytes */
	int spare_cpus, spare_dimms;
	bool balloon; /* one of them takes memory away by a balloon */
	bool legacy; /* cgroup v1 */
	const char *kernel_args;
	/* what a restored guest is given: no part of the saved machine */
	uint64_t swap_bytes, disk_bytes;
	int64_t hugepages;
};

/* A memory module that can be unplugged: what x86 Linux takes up and gives up at once is 128M
 * (/sys/devices/system/memory/block_size_bytes). */
#define OOM_GUEST_DIMM_BYTES ((uint64_t)128 << 20)

/* From [Machine] (@scenario may be NULL: the defaults). -EINVAL, or -E2BIG: larger than this host. */
int oom_guest_shape_read(struct oom_arena *arena, const struct oom_scenario *scenario,
	struct oom_err *err, struct oom_guest_shape *ret);
/* What this host could still give, page cache and all; UINT64_MAX: not known. */
uint64_t oom_host_available_bytes(struct oom_arena *arena);

/* The same, whether this host has the memory for it or not. */
int oom_guest_shape_wanted(struct oom_arena *arena, const struct oom_scenario *scenario,
	struct oom_err *err, struct oom_guest_shape *ret);

#endif
