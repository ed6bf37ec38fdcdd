// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/shape.h"

#include "harness/guest/vm/qemu.h"
#include "harness/host/file.h"
#include "lib/base/format.h"
#include "lib/scenario/key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB	       ((uint64_t)1 << 20)
#define MEMORY_DEFAULT (512 * MIB)
#define MEMORY_LEAST   (96 * MIB) /* a kernel, its log and systemd */
#define CPUS_MOST      64

static const char *machine_text(const struct oom_scenario *scenario, const char *key)
{
	const struct oom_section *section =
		scenario ? oom_scenario_section(scenario, OOM_SEC_MACHINE, NULL) : NULL;
	const char *text = section ? oom_section_text(section, key, NULL) : NULL;

	return text && *text ? text : NULL;
}

static int read_size(const char *key, const char *text, struct oom_err *err, uint64_t *ret)
{
	struct oom_size size;

	if (oom_parse_size(text, &size) || size.is_percent)
		return oom_err_set(
			err, EINVAL, "[Machine] %s='%s' is not an absolute size", key, text);
	*ret = size.bytes;
	return 0;
}

static int read_disk(
	const struct oom_scenario *scenario, const char *key, struct oom_err *err, uint64_t *ret)
{
	const char *text = machine_text(scenario, key);
	int r = text ? read_size(key, text, err, ret) : 0;
	char most[24];

	if (!r && *ret > OOM_OWN_DISK_BYTES)
		r = oom_err_set(err, EINVAL,
			"[Machine] %s=%s is more than the %s that a guest's disk can hold", key,
			text, oom_format_size(OOM_OWN_DISK_BYTES, most));
	return r;
}

static int read_int(
	const char *key, const char *text, int64_t most, struct oom_err *err, int64_t *ret)
{
	int64_t number;

	if (oom_parse_int(text, &number) || number < 0 || number > most)
		return oom_err_set(err, EINVAL, "[Machine] %s='%s' is not within 0..%" PRId64, key,
			text, most);
	*ret = number;
	return 0;
}

/* So many equal nodes, or those of NUMAMemory=; one node is none. The machine is their sum. */
static int read_nodes(
	struct oom_guest_shape *shape, const struct oom_scenario *scenario, struct oom_err *err)
{
	const struct oom_section *section =
		scenario ? oom_scenario_section(scenario, OOM_SEC_MACHINE, NULL) : NULL;
	uint64_t sum_bytes = 0, equal_bytes;
	int64_t number = oom_section_int(section, "NUMANodes", 1);
	const char *const *sizes;
	size_t count;
	int r = 0;

	sizes = oom_section_words(section, "NUMAMemory", &count);
	if (count)
		number = (int64_t)count;
	if (number < 2)
		return count ? read_size("NUMAMemory", sizes[0], err, &shape->memory_bytes) : 0;
	if (number > OOM_NUMA_NODES_MAX)
		return oom_err_set(err, EINVAL, "[Machine] %" PRId64 " NUMA nodes are more than %d",
			number, OOM_NUMA_NODES_MAX);
	equal_bytes = shape->memory_bytes / (uint64_t)number;
	for (int i = 0; !r && i < number; i++) {
		shape->node_bytes[i] = equal_bytes;
		if (count)
			r = read_size("NUMAMemory", sizes[i], err, &shape->node_bytes[i]);
		shape->node_bytes[i] = shape->node_bytes[i] / MIB * MIB;
		sum_bytes += shape->node_bytes[i];
	}
	shape->n_nodes = (int)number;
	shape->memory_bytes = sum_bytes;
	return r;
}

/* sysconf() would count page cache as used: MemAvailable of proc(5) */
uint64_t oom_host_available_bytes(struct oom_arena *arena)
{
	char *text, *at;

	if (oom_file_read(arena, "/proc/meminfo", 8192, &text, NULL) ||
		!(at = strstr(text, "MemAvailable:")))
		return UINT64_MAX;
	return strtoull(at + 13, NULL, 10) * 1024;
}

static int check_host(
	struct oom_arena *arena, const struct oom_guest_shape *shape, struct oom_err *err)
{
	uint64_t available = oom_host_available_bytes(arena);
	char want[24], have[24];

	if (shape->memory_bytes < MEMORY_LEAST)
		return oom_err_set(err, EINVAL,
			"[Machine] Memory=%s is too small for a guest (at least %s)",
			oom_format_size(shape->memory_bytes, want),
			oom_format_size(MEMORY_LEAST, have));
	if (shape->memory_bytes > available)
		return oom_err_set(err, E2BIG,
			"[Machine] Memory=%s is more than this host has available (%s)",
			oom_format_size(shape->memory_bytes, want),
			oom_format_size(available, have));
	return 0;
}

/* The faults that unplug something: all of them together. */
static int read_spares(
	struct oom_guest_shape *shape, const struct oom_scenario *scenario, struct oom_err *err)
{
	const struct oom_section *s = NULL;
	uint64_t left_bytes = shape->memory_bytes;

	while (scenario && (s = oom_scenario_next(scenario, OOM_SEC_FAULT, s))) {
		uint64_t bytes = oom_section_size(s, "Size", 0, OOM_GUEST_DIMM_BYTES);

		shape->balloon |= !strcmp(s->type->name, "balloon");
		if (!strcmp(s->type->name, "cpu-unplug"))
			shape->spare_cpus += (int)oom_section_int(s, "Count", 1);
		if (strcmp(s->type->name, "memory-unplug"))
			continue;
		if (bytes % OOM_GUEST_DIMM_BYTES)
			return oom_err_set(err, EINVAL,
				"Size= of fault '%s' is not a multiple of 128M", s->name);
		if (shape->n_nodes)
			return oom_err_set(err, EINVAL,
				"fault '%s' cannot be combined with [Machine] NUMANodes=", s->name);
		if (bytes > left_bytes || left_bytes - bytes < MEMORY_LEAST)
			return oom_err_set(err, EINVAL,
				"fault '%s' leaves the guest too little memory: raise [Machine] "
				"Memory=",
				s->name);
		left_bytes -= bytes;
		shape->spare_dimms += (int)(bytes / OOM_GUEST_DIMM_BYTES);
	}
	if (shape->spare_cpus && shape->spare_cpus >= shape->cpus)
		return oom_err_set(err, EINVAL,
			"of %d CPUs, %d cannot be unplugged: raise [Machine] CPUs=", shape->cpus,
			shape->spare_cpus);
	return 0;
}

int oom_guest_shape_wanted(struct oom_arena *arena, const struct oom_scenario *scenario,
	struct oom_err *err, struct oom_guest_shape *ret)
{
	struct oom_guest_shape shape = {.memory_bytes = MEMORY_DEFAULT, .cpus = 1};
	const char *text;
	int64_t number = 0;
	int r = 0;

	if ((text = machine_text(scenario, "Memory")))
		r = read_size("Memory", text, err, &shape.memory_bytes);
	shape.memory_bytes = shape.memory_bytes / MIB * MIB;
	if (!r && (text = machine_text(scenario, "CPUs"))) {
		r = read_int("CPUs", text, CPUS_MOST, err, &number);
		shape.cpus = r ? 1 : (int)number;
		if (!r && shape.cpus < 1)
			r = oom_err_set(err, EINVAL, "[Machine] CPUs='%s' is not within 1..%d",
				text, CPUS_MOST);
	}
	if (!r)
		r = read_nodes(&shape, scenario, err);
	if (!r)
		r = read_disk(scenario, "Swap", err, &shape.swap_bytes);
	if (!r)
		r = read_disk(scenario, "Disk", err, &shape.disk_bytes);
	if (!r && (text = machine_text(scenario, "Hierarchy")))
		shape.legacy = !strcmp(text, "legacy");
	if (!r && (text = machine_text(scenario, "HugePages")))
		r = read_int("HugePages", text, 1 << 20, err, &shape.hugepages);
	if (!r)
		r = read_spares(&shape, scenario, err);
	if (r)
		return r;
	shape.kernel_args = oom_arena_strdup(arena, machine_text(scenario, "KernelArgs"));
	*ret = shape;
	return 0;
}

int oom_guest_shape_read(struct oom_arena *arena, const struct oom_scenario *scenario,
	struct oom_err *err, struct oom_guest_shape *ret)
{
	struct oom_guest_shape shape;
	int r = oom_guest_shape_wanted(arena, scenario, err, &shape);

	if (!r)
		r = check_host(arena, &shape, err);
	if (!r)
		*ret = shape;
	return r;
}
