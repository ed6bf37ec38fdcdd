// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the invoker was doing, told by the functions on its stack. */
#include "harness/explain/explain.h"

#include <string.h>

/* Function names of mm/, fs/, kernel/ and net/, innermost first as they stand on a stack. What is general
 * (a page fault) is below what is special (a fault on a file). */
static const struct {
	const char *function, *words;
} paths[] = {
	{"moom_callback", "on sysrq-f"},
	{"__handle_sysrq", "on sysrq-f"},
	{"memory_max_write", "its limit being lowered (memory.max)"},
	{"mem_cgroup_resize_limit", "its limit being lowered (memory.limit_in_bytes)"},
	{"mem_cgroup_resize_max", "its limit being lowered"},
	{"memory_reclaim", "reclaim being asked for (memory.reclaim)"},
	{"do_swap_page", "bringing a page back from swap"},
	{"unuse_pte", "bringing a page back from swap (swapoff)"},
	{"unuse_mm", "bringing a page back from swap (swapoff)"},
	{"filemap_fault", "reading a mapped file (its own program, perhaps)"},
	{"shmem_fault", "touching mapped tmpfs or shared memory"},
	{"shmem_write_begin", "writing to a file in tmpfs"},
	{"shmem_file_write_iter", "writing to a file in tmpfs"},
	{"shmem_get", "filling tmpfs or shared memory"},
	{"do_huge_pmd_anonymous_page", "touching a huge page of anonymous memory"},
	{"do_anonymous_page", "touching anonymous memory"},
	{"do_cow_fault", "writing to a page that must be copied first"},
	{"do_wp_page", "writing to a page that must be copied first"},
	{"wp_page_copy", "writing to a page that must be copied first"},
	{"hugetlb_fault", "touching hugetlb memory"},
	{"copy_process", "forking"},
	{"dup_mm", "forking"},
	{"pte_alloc_one", "making page tables"},
	{"__pte_alloc", "making page tables"},
	{"__pmd_alloc", "making page tables"},
	{"pipe_write", "filling a pipe"},
	{"anon_pipe_write", "filling a pipe"},
	{"sock_alloc_send_pskb", "filling a socket"},
	{"tcp_sendmsg", "filling a socket"},
	{"__alloc_skb", "filling a socket"},
	{"mlock_fixup", "locking memory (mlock)"},
	{"__mm_populate", "filling a mapping at once (mlock, MAP_POPULATE)"},
	{"ext4_write_begin", "writing to a file"},
	{"iomap_write_begin", "writing to a file"},
	{"generic_perform_write", "writing to a file"},
	{"page_cache_ra_unbounded", "reading ahead in a file"},
	{"__do_page_cache_readahead", "reading ahead in a file"},
	{"filemap_read", "reading a file"},
	{"generic_file_read_iter", "reading a file"},
	{"page_cache_async_ra", "reading ahead in a file"},
	{"vmalloc", "for the kernel's own use (vmalloc)"},
	{"__kmalloc", "for the kernel's own use"},
	{"kmem_cache_alloc", "for the kernel's own use"},
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
