// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/memory.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB   ((uint64_t)1 << 20)
#define WHOLE "ram"

static void add_part(struct oom_guest_memory *memory, const char *kind, int number, uint64_t bytes)
{
	struct oom_guest_memory_part *part = &memory->parts[memory->count++];

	*part = (struct oom_guest_memory_part){.bytes = bytes / MIB * MIB, .fd = -1};
	if (number < 0)
		snprintf(part->name, sizeof(part->name), "%s", kind);
	else
		snprintf(part->name, sizeof(part->name), "%s%d", kind, number);
}

static uint64_t spare_bytes(const struct oom_guest_shape *shape)
{
	return (uint64_t)shape->spare_dimms * OOM_GUEST_DIMM_BYTES;
}

int oom_memory_list(const struct oom_guest_shape *shape, struct oom_guest_memory *ret)
{
	struct oom_guest_memory memory = {0};

	if (shape->n_nodes + shape->spare_dimms >= OOM_MEMORY_PARTS_MAX)
		return -E2BIG;
	if (!shape->n_nodes)
		add_part(&memory, WHOLE, -1, shape->memory_bytes - spare_bytes(shape));
	for (int i = 0; i < shape->n_nodes; i++)
		add_part(&memory, "mem", i, shape->node_bytes[i]);
	for (int i = 0; i < shape->spare_dimms; i++)
		add_part(&memory, "spare", i, OOM_GUEST_DIMM_BYTES);
	*ret = memory;
	return 0;
}

int oom_memory_create(struct oom_guest_memory *memory, struct oom_err *err)
{
	for (size_t i = 0; i < memory->count; i++) {
		struct oom_guest_memory_part *part = &memory->parts[i];

		part->fd = memfd_create(part->name, MFD_CLOEXEC);
		if (part->fd < 0 || ftruncate(part->fd, (off_t)part->bytes) < 0) {
			oom_err_errno(err, errno, "cannot create a guest's memory");
			oom_memory_close(memory);
			return err->code;
		}
	}
	return 0;
}

void oom_memory_close(struct oom_guest_memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		oom_closep(&memory->parts[i].fd);
	memory->count = 0;
}

static const struct oom_guest_memory_part *find(
	const struct oom_guest_memory *memory, const char *name)
{
	for (size_t i = 0; memory && i < memory->count; i++)
		if (!strcmp(memory->parts[i].name, name))
			return &memory->parts[i];
	return NULL;
}

/* qemu(1), -object memory-backend-file: by /proc/self/fd it is this very file, whatever has become of its name. A
 * file that QEMU has open for reading alone is no ROM for the guest where it is mapped privately (rom=off). */
static void add_backend(struct oom_args *args, const char *name, uint64_t bytes,
	const struct oom_guest_memory *memory, bool private)
{
	const struct oom_guest_memory_part *part = find(memory, name);

	oom_args_add(args, "-object");
	if (part)
		oom_args_addf(args,
			"memory-backend-file,id=%s,size=%" PRIu64
			"M,mem-path=/proc/self/fd/%d,share=%s%s",
			name, bytes / MIB, part->fd, private ? "off" : "on",
			private && memory->readonly ? ",readonly=on,rom=off" : "");
	else
		oom_args_addf(
			args, "memory-backend-ram,id=%s,size=%" PRIu64 "M", name, bytes / MIB);
}

void oom_memory_add(struct oom_args *args, const struct oom_guest_shape *shape,
	const struct oom_guest_memory *memory, bool private)
{
	uint64_t spare = spare_bytes(shape);
	char name[16];

	oom_args_add(args, "-m");
	if (spare)
		oom_args_addf(args, "%" PRIu64 "M,slots=%d,maxmem=%" PRIu64 "M",
			(shape->memory_bytes - spare) / MIB, shape->spare_dimms,
			shape->memory_bytes / MIB);
	else
		oom_args_addf(args, "%" PRIu64 "M", shape->memory_bytes / MIB);
	if (find(memory, WHOLE))
		add_backend(args, WHOLE, shape->memory_bytes - spare, memory, private);
	for (int i = 0; i < shape->n_nodes; i++) {
		snprintf(name, sizeof(name), "mem%d", i);
		add_backend(args, name, shape->node_bytes[i], memory, private);
		oom_args_add(args, "-numa");
		oom_args_addf(args, "node,nodeid=%d,memdev=mem%d", i, i);
	}
}

void oom_memory_add_spare(
	struct oom_args *args, int number, const struct oom_guest_memory *memory, bool private)
{
	char name[16];

	snprintf(name, sizeof(name), "spare%d", number);
	add_backend(args, name, OOM_GUEST_DIMM_BYTES, memory, private);
	oom_args_add(args, "-device");
	oom_args_addf(args, "pc-dimm,id=dimm%d,memdev=%s", number, name);
}

const char *oom_memory_machine_option(const struct oom_guest_memory *memory)
{
	return find(memory, WHOLE) ? ",memory-backend=" WHOLE : "";
}
