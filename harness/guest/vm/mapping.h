/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VM_MAPPING_H
#define OOM_VM_MAPPING_H

#include "harness/guest/vm/find.h"
#include "harness/guest/vm/shape.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Can a saved machine's memory be mapped by its guests, or must each read it? Linux copies what a guest writes to
 * (mmap(2), MAP_PRIVATE) and shares the rest, in the page cache.
 */

/* What a QEMU offers for that. */
struct oom_mapping {
	bool works; /* it saves a machine without the memory that is in files (x-ignore-shared) */
	bool readonly; /* it maps what it can open for reading alone (memory-backend-file, rom=) */
};

/* Asks QEMU, which takes some 50 ms. What cannot be found out does not work. */
void oom_mapping_ask(const char *cache, const struct oom_qemu *qemu, struct oom_mapping *ret);
/* The same from QEMU's answers, one of QMP a line: for oom_mapping_ask(). */
void oom_mapping_read(const char *answers, struct oom_mapping *ret);
/* Does the file system of folder @dir have holes, and mappings that no other host changes? 0, or -errno with @why. */
int oom_mapping_check_dir(const char *dir, char *why, size_t size);
/* Both: what that QEMU offers, which was asked before, and folder @dir of the cache. */
int oom_mapping_check(const struct oom_mapping *mapping, const struct oom_qemu *qemu,
	const char *cache, const char *dir, char *why, size_t size);
/* The same by its name alone, of the file @fd: statfs(2). */
bool oom_mapping_is_local(int fd);
/*
 * Has it a device that gives memory back to the host? QEMU punches holes for that into the file behind the mapping
 * (softmmu/physmem.c, ram_block_discard_range()), and another guest would find zeroes there; where it has the file
 * open for reading alone it refuses, and complains of every page that a balloon gives.
 */
bool oom_mapping_is_spoilt(const struct oom_guest_shape *shape, const struct oom_mapping *mapping);

#endif
