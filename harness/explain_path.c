// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the invoker was doing, told by the functions on its stack. */
#include "harness/explain.h"

#include <string.h>

/* Function names of mm/, fs/, kernel/ and net/, innermost first as they stand on a stack. What is general
 * (a page fault) is below what is special (a fault on a file). */
static const struct {
	const char *function, *words;
} paths[] = {
	{"moom_callback", "by sysrq-f"},
	{"__handle_sysrq", "by sysrq-f"},
	{"memory_max_write", "while its limit was lowered (memory.max)"},
	{"mem_cgroup_resize_limit", "while its limit was lowered (memory.limit_in_bytes)"},
	{"mem_cgroup_resize_max", "while its limit was lowered"},
	{"memory_reclaim", "while reclaim was asked for (memory.reclaim)"},
	{"do_swap_page", "to bring a page back from swap"},
	{"unuse_pte", "to bring a page back from swap (swapoff)"},
	{"unuse_mm", "to bring a page back from swap (swapoff)"},
	{"filemap_fault", "to read a page of a mapped file, of its own program perhaps"},
	{"shmem_fault", "for a page of tmpfs or shared memory that it has mapped"},
	{"shmem_write_begin", "to write to a file in tmpfs"},
	{"shmem_file_write_iter", "to write to a file in tmpfs"},
	{"shmem_get", "for a page of tmpfs or shared memory"},
	{"do_huge_pmd_anonymous_page", "for a huge page of anonymous memory"},
	{"do_anonymous_page", "for anonymous memory that it touched"},
	{"do_cow_fault", "for a copy of a page that it wrote to"},
	{"do_wp_page", "for a copy of a page that it wrote to"},
	{"wp_page_copy", "for a copy of a page that it wrote to"},
	{"hugetlb_fault", "for a page of hugetlb"},
	{"copy_process", "to fork"},
	{"dup_mm", "to fork"},
	{"pte_alloc_one", "for a page table"},
	{"__pte_alloc", "for a page table"},
	{"__pmd_alloc", "for a page table"},
	{"pipe_write", "for a buffer of a pipe"},
	{"anon_pipe_write", "for a buffer of a pipe"},
	{"sock_alloc_send_pskb", "for a buffer of a socket"},
	{"tcp_sendmsg", "for a buffer of a socket"},
	{"__alloc_skb", "for a buffer of a socket"},
	{"mlock_fixup", "to lock memory (mlock)"},
	{"__mm_populate", "to fill a mapping at once (mlock, MAP_POPULATE)"},
	{"ext4_write_begin", "to write to a file"},
	{"iomap_write_begin", "to write to a file"},
	{"generic_perform_write", "to write to a file"},
	{"page_cache_ra_unbounded", "to read a file ahead"},
	{"__do_page_cache_readahead", "to read a file ahead"},
	{"filemap_read", "to read a file"},
	{"generic_file_read_iter", "to read a file"},
	{"page_cache_async_ra", "to read a file ahead"},
	{"vmalloc", "for memory of the kernel's own (vmalloc)"},
	{"__kmalloc", "for memory of the kernel's own"},
	{"kmem_cache_alloc", "for memory of the kernel's own"},
};

/* "wp_page_copy.isra.0+0x1f/0x80" is wp_page_copy. */
static bool is_function(const char *frame, const char *function)
{
	size_t len = strlen(function);

	return !strncmp(frame, function, len) && (frame[len] == '+' || frame[len] == '.' || frame[len] == '_');
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
