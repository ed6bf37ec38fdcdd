/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_KLOG_MEMORY_H
#define OOM_KLOG_MEMORY_H

#include "lib/base/span.h"

#define OOM_MEMORY_ZONES 32

/* One zone's watermarks, as the report prints them; KiB, -1: not said. */
struct oom_zone {
	int node;
	char name[12];
	int64_t free_kib, min_kib, low_kib, high_kib, present_kib;
};

/*
 * Where the memory was: of the machine (show_mem(): "Mem-Info:") or of the memcg whose limit was hit
 * ("Memory cgroup stats for"). KiB; -1: the report does not say.
 */
struct oom_memory {
	int64_t usage_kib, limit_kib;		/* "memory: usage …, limit …" */
	int64_t swap_usage_kib, swap_limit_kib; /* "swap: …" (v2), "memory+swap: …" (v1) */
	int64_t kmem_usage_kib, kmem_limit_kib;
	int64_t failcnt;
	int64_t anon_kib, file_kib, shmem_kib, slab_reclaimable_kib, slab_unreclaimable_kib;
	int64_t pagetables_kib, kernel_stack_kib, unevictable_kib, mlocked_kib;
	int64_t hugetlb_kib, free_kib, dirty_kib, writeback_kib, sock_kib, percpu_kib, vmalloc_kib;
	int64_t ram_kib, reserved_kib, swap_total_kib, swap_free_kib, swapcache_kib;
	int64_t page_kib; /* as the free lists imply it */
	struct oom_zone zones[OOM_MEMORY_ZONES];
	size_t n_zones;
	bool memcg; /* of the memcg, not of the machine */
	bool memsw; /* the swap figures hold memory and swap together (v1) */
	bool counts_in_pages; /* of the running global block: until oom_memory_finish() */
	int section;	      /* of the reader: what kind of lines come next */
};

void oom_memory_init(struct oom_memory *memory);
/* Takes one line of the report; false when it is none of these. */
bool oom_memory_line(struct oom_memory *memory, struct oom_span text);
/* Turns counts of pages into KiB, once the page size is known. */
void oom_memory_finish(struct oom_memory *memory, int64_t page_kib);

#endif
