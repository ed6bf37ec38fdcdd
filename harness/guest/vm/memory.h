/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_MEMORY_H
#define OOM_VM_MEMORY_H

#include "harness/guest/vm/args.h"
#include "harness/guest/vm/shape.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A machine's memory in files, one for each of its parts: all of it, or each NUMA node, and each module that can be
 * unplugged. A machine that is to be saved shares them with us (memfds); one that is restored maps those of the
 * saved machine copy-on-write, so that it reads and owns no more than it touches.
 */
enum { OOM_MEMORY_PARTS_MAX = 32 };

struct oom_guest_memory_part {
	char name[24]; /* "ram", "mem0", "spare0": QEMU's id, and the file's name */
	uint64_t bytes;
	int fd; /* -1: none */
};

struct oom_guest_memory {
	struct oom_guest_memory_part parts[OOM_MEMORY_PARTS_MAX];
	size_t count; /* 0: the memory is not in files */
	bool readonly; /* QEMU opens them so, and can punch no holes into them */
};

/* The parts of such a machine, with no files yet; -E2BIG: they are more than can be in files. */
int oom_memory_list(const struct oom_guest_shape *shape, struct oom_guest_memory *ret);
/* Files for them that have no name (memfd_create(2)). On errors none is left open. */
int oom_memory_create(struct oom_guest_memory *memory, struct oom_err *err);
void oom_memory_close(struct oom_guest_memory *memory); /* count is 0 then */

/* The arguments for the machine's memory; @memory may be NULL. @private: the files' pages are copied where they are
 * written to. */
void oom_memory_add(struct oom_args *args, const struct oom_guest_shape *shape,
	const struct oom_guest_memory *memory, bool private);
/* A module that can be unplugged, likewise. */
void oom_memory_add_spare(
	struct oom_args *args, int number, const struct oom_guest_memory *memory, bool private);
/* Behind "-M q35,…": which part is the machine's memory. */
const char *oom_memory_machine_option(const struct oom_guest_memory *memory);

#endif
