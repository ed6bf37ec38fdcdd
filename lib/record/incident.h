/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_INCIDENT_H
#define OOM_INCIDENT_H

#include "lib/record/kill.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OOM_STACK_FRAMES 64

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
	int64_t usage_kib, limit_kib; /* "memory: usage …, limit …" */
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
	int section; /* of the reader: what kind of lines come next */
};

enum oom_event {
	OOM_EVENT_END = 0,
	OOM_EVENT_KILL, /* a process was killed for want of memory: .kill */
	OOM_EVENT_PANIC, /* the kernel gave up: .text, and the context in .kill */
	OOM_EVENT_UNFINISHED, /* the killer was invoked, or chose, and no kill follows */
	OOM_EVENT_SIGNAL, /* systemd killed a process of a unit itself: .kill */
	OOM_EVENT_UNRECOGNISED, /* looks like an OOM line and is not understood: .text */
};

/* What one event is about. Strings and arrays are valid until the next call of oom_klog_next(). */
struct oom_incident {
	enum oom_event event;
	struct oom_kill kill;
	const char *when; /* wall clock up to the hour, as the log writes it; NULL */
	const char *text; /* of PANIC and UNRECOGNISED: the line */
	const char *kernel; /* release of the kernel, where the report names it */
	const char *mems_allowed; /* "0-1,4": nodes that the invoker may use */
	const char *gfp_names; /* flags of the request as the kernel spells them; NULL */
	int64_t invoked_us; /* the kernel's clock at "invoked oom-killer", -1 */
	int64_t reaped_us; /* at "oom_reaper: reaped process", -1: not printed */
	int64_t page_kib; /* page size as the report implies it, -1 */
	int64_t score; /* "score N" of "Kill process", -1 */
	int64_t printed; /* how often the kill was printed */
	int64_t n_dropped; /* rows of the task table beyond the bound */
	const char *const *
		stack; /* who called whom in the invoker, innermost first: "out_of_memory+0x1bd/0x4e0" */
	size_t n_stack; /* at most OOM_STACK_FRAMES of them */
	bool sysrq; /* asked for by sysrq-f */
	bool allocating; /* oom_kill_allocating_task */
	bool shares_memory; /* killed because it shares the victim's memory */
	bool children; /* a kernel that prefers children of the chosen */
	bool table; /* a task table was seen */
	bool root_bonus; /* a kernel that spares root's processes 3 % (2.6.36 to 4.16) */
	bool scores; /* a kernel whose badness is by oom_score_adj (2.6.36 and later) */
	int signal; /* SIGTERM of earlyoom; else SIGKILL */
	struct oom_memory memory;
};

#endif
