// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the invoker was doing, told by the functions on its stack. */
#include "harness/explain/explain.h"

#include <string.h>

/* Function names of mm/, fs/, kernel/ and net/, innermost first as they stand on a stack. What is general
 * (a page fault) is below what is special (a fault on a file). */
static const struct {
	const char *function, *words;
} paths[] = {
	{"moom_callback", "handling sysrq-f"},
	{"__handle_sysrq", "handling sysrq-f"},
	{"memory_max_write", "lowering a memory limit (memory.max)"},
	{"mem_cgroup_resize_limit", "lowering a memory limit (memory.limit_in_bytes)"},
	{"mem_cgroup_resize_max", "lowering a memory limit"},
	{"memory_reclaim", "reclaiming on request (memory.reclaim)"},
	{"do_swap_page", "reading a page back from swap"},
	{"unuse_pte", "reading a page back from swap (swapoff)"},
	{"unuse_mm", "reading a page back from swap (swapoff)"},
	{"filemap_fault", "faulting in a mapped file (perhaps its own program)"},
	{"shmem_fault", "faulting in tmpfs or shared memory"},
	{"shmem_write_begin", "writing to a tmpfs file"},
	{"shmem_file_write_iter", "writing to a tmpfs file"},
	{"shmem_get", "allocating tmpfs or shared memory"},
	{"do_huge_pmd_anonymous_page", "faulting in a transparent huge page"},
	{"do_anonymous_page", "faulting in anonymous memory"},
	{"do_cow_fault", "copying a page on write"},
	{"do_wp_page", "copying a page on write"},
	{"wp_page_copy", "copying a page on write"},
	{"hugetlb_fault", "faulting in a hugetlb page"},
	{"copy_process", "forking"},
	{"dup_mm", "forking"},
	{"pte_alloc_one", "allocating page tables"},
	{"__pte_alloc", "allocating page tables"},
	{"__pmd_alloc", "allocating page tables"},
	{"pipe_write", "writing to a pipe"},
	{"anon_pipe_write", "writing to a pipe"},
	{"sock_alloc_send_pskb", "sending on a socket"},
	{"tcp_sendmsg", "sending on a socket"},
	{"__alloc_skb", "allocating a socket buffer"},
	{"mlock_fixup", "locking memory (mlock)"},
	{"__mm_populate", "populating a mapping (mlock, MAP_POPULATE)"},
	{"ext4_write_begin", "writing to a file"},
	{"iomap_write_begin", "writing to a file"},
	{"generic_perform_write", "writing to a file"},
	{"page_cache_ra_unbounded", "reading ahead in a file"},
	{"__do_page_cache_readahead", "reading ahead in a file"},
	{"filemap_read", "reading a file"},
	{"generic_file_read_iter", "reading a file"},
	{"page_cache_async_ra", "reading ahead in a file"},
	{"vmalloc", "allocating kernel memory (vmalloc)"},
	{"__kmalloc", "allocating kernel memory"},
	{"kmem_cache_alloc", "allocating kernel memory"},
};

/* "wp_page_copy.isra.0+0x1f/0x80" is wp_page_copy. */
static bool is_function(const char *frame, const char *function)
{
	size_t len = strlen(function);

	return !strncmp(frame, function, len) &&
		(frame[len] == '+' || frame[len] == '.' || frame[len] == '_');
}

const char *explain_path(const struct oom_incident *incident)
{
	for (size_t i = 0; i < incident->n_stack; i++) {
		for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
			if (is_function(incident->stack[i], paths[p].function))
				return paths[p].words;
		}
	}
	return NULL;
}
