// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/memory.h"

enum { SECTION_NONE, SECTION_MACHINE, SECTION_MEMCG };

void oom_memory_init(struct oom_memory *memory)
{
	int64_t *const first = &memory->usage_kib;

	memset(memory, 0, sizeof(*memory));
	/* what stands before the zones are sizes, all of them */
	for (size_t i = 0; i < offsetof(struct oom_memory, zones) / sizeof(int64_t); i++)
		first[i] = -1;
}

/* Sizes in pages of show_mem()'s first block, in KiB of "Node 0 …" lines, in bytes of memory.stat. */
static const struct {
	struct oom_span key;
	size_t offset;
} keys[] = {
#define KEY(name, member)                                                                          \
	{                                                                                          \
		OOM_SPAN(name), offsetof(struct oom_memory, member)                                \
	}
	KEY("slab_reclaimable", slab_reclaimable_kib),
	KEY("slab_unreclaimable", slab_unreclaimable_kib),
	KEY("shmem", shmem_kib),
	KEY("pagetables", pagetables_kib),
	KEY("page_tables", pagetables_kib),
	KEY("kernel_stack", kernel_stack_kib),
	KEY("unevictable", unevictable_kib),
	KEY("mlocked", mlocked_kib),
	KEY("dirty", dirty_kib),
	KEY("writeback", writeback_kib),
	KEY("file_dirty", dirty_kib),
	KEY("file_writeback", writeback_kib),
	KEY("free", free_kib),
	KEY("anon", anon_kib),
	KEY("file", file_kib),
	KEY("sock", sock_kib),
	KEY("percpu", percpu_kib),
	KEY("vmalloc", vmalloc_kib),
	KEY("swapcached", swapcache_kib),
	KEY("hugetlb", hugetlb_kib),
	/* memcg v1: rss is anonymous memory, cache the page cache with shmem in it */
	KEY("rss", anon_kib),
	KEY("cache", file_kib),
	KEY("total_rss", anon_kib),
	KEY("total_cache", file_kib),
#undef KEY
};

static int64_t *slot_of(struct oom_memory *memory, struct oom_span key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (key.len == keys[i].key.len && *key.at == *keys[i].key.at &&
			oom_span_is(key, keys[i].key))
			return (int64_t *)((char *)memory + keys[i].offset);
	}
	return NULL;
}

static struct oom_span take_key(struct oom_span *s)
{
	size_t n = 0;

	while (n < s->len && s->at[n] != ':' && s->at[n] != ' ' && s->at[n] != '\n')
		n++;
	*s = oom_span_from(*s, n);
	return (struct oom_span){s->at - n, n};
}

static void add(int64_t *sum, int64_t value)
{
	if (__builtin_add_overflow(*sum < 0 ? 0 : *sum, value, sum))
		*sum = -1;
}

/* "active_anon:12 inactive_anon:3 …": pages of the whole machine */
static bool take_machine_counts(struct oom_memory *memory, struct oom_span s)
{
	bool any = false;

	while (s.len) {
		struct oom_span key;
		int64_t value, *slot;

		oom_span_skip_blanks(&s);
		key = take_key(&s);
		if (!key.len || !oom_span_skip(&s, OOM_SPAN(":")) || !oom_span_take_int(&s, &value))
			return any;
		any = true;
		slot = slot_of(memory, key);
		if (slot)
			*slot = value;
		else if (oom_span_is(key, OOM_SPAN("active_anon")) ||
			oom_span_is(key, OOM_SPAN("inactive_anon")) ||
			oom_span_is(key, OOM_SPAN("isolated_anon")))
			add(&memory->anon_kib, value);
		else if (oom_span_is(key, OOM_SPAN("active_file")) ||
			oom_span_is(key, OOM_SPAN("inactive_file")) ||
			oom_span_is(key, OOM_SPAN("isolated_file")))
			add(&memory->file_kib, value);
	}
	return any;
}

/* "anon 42897408" (v2, bytes), "rss:980KB cache:0KB …" (v1, KiB) */
static bool take_memcg_counts(struct oom_memory *memory, struct oom_span s)
{
	bool any = false;

	while (s.len) {
		struct oom_span key;
		int64_t value, *slot;
		bool kib;

		oom_span_skip_blanks(&s);
		key = take_key(&s);
		kib = oom_span_skip(&s, OOM_SPAN(":"));
		if (!key.len || (!kib && !oom_span_skip(&s, OOM_SPAN(" "))) ||
			!oom_span_take_int(&s, &value))
			return any;
		oom_span_skip(&s, OOM_SPAN("KB"));
		slot = slot_of(memory, key);
		if (slot)
			*slot = kib ? value : value / 1024;
		else if (oom_span_is(key, OOM_SPAN("total_pgtables")))
			memory->pagetables_kib = value;
		any = true;
	}
	return any;
}

/* "memory: usage 10240kB, limit 10240kB, failcnt 4480498" */
static bool take_usage(struct oom_memory *memory, struct oom_span s)
{
	int64_t *usage, *limit, value;
	bool memory_line = false;

	if (oom_span_skip(&s, OOM_SPAN("memory: usage "))) {
		usage = &memory->usage_kib;
		limit = &memory->limit_kib;
		memory_line = true;
	} else if (oom_span_skip(&s, OOM_SPAN("memory+swap: usage "))) {
		usage = &memory->swap_usage_kib;
		limit = &memory->swap_limit_kib;
		memory->memsw = true;
	} else if (oom_span_skip(&s, OOM_SPAN("swap: usage "))) {
		usage = &memory->swap_usage_kib;
		limit = &memory->swap_limit_kib;
	} else if (oom_span_skip(&s, OOM_SPAN("kmem: usage "))) {
		usage = &memory->kmem_usage_kib;
		limit = &memory->kmem_limit_kib;
	} else {
		return false;
	}
	if (!oom_span_take_int(&s, usage) || !oom_span_skip(&s, OOM_SPAN("kB, limit ")) ||
		!oom_span_take_int(&s, limit) || !oom_span_skip(&s, OOM_SPAN("kB")))
		return true;
	if (memory_line && oom_span_skip(&s, OOM_SPAN(", failcnt ")) &&
		oom_span_take_int(&s, &value))
		memory->failcnt = value;
	return true;
}

static int64_t size_after(struct oom_span s, struct oom_span key)
{
	ptrdiff_t at = oom_span_find(s, key);
	struct oom_span rest = oom_span_from(s, at < 0 ? s.len : (size_t)at + key.len);
	int64_t value;

	return at >= 0 && oom_span_take_int(&rest, &value) ? value : -1;
}

static void take_zone(struct oom_memory *memory, int node, struct oom_span name, struct oom_span s)
{
	struct oom_zone *zone;

	if (memory->n_zones == OOM_MEMORY_ZONES || name.len >= sizeof(zone->name))
		return;
	zone = memory->zones + memory->n_zones++;
	zone->node = node;
	memcpy(zone->name, name.at, name.len);
	zone->name[name.len] = '\0';
	zone->free_kib = size_after(s, OOM_SPAN("free:"));
	zone->min_kib = size_after(s, OOM_SPAN(" min:"));
	zone->low_kib = size_after(s, OOM_SPAN(" low:"));
	zone->high_kib = size_after(s, OOM_SPAN(" high:"));
	zone->present_kib = size_after(s, OOM_SPAN(" present:"));
}

/*
 * "Node 0 DMA32 free:63304kB min:…", "Node 0 DMA: 0*4kB 1*8kB … = 13312kB" (whose first size is the
 * page's), "Node 0 hugepages_total=3 … hugepages_size=2048kB"
 */
static bool take_node(struct oom_memory *memory, struct oom_span s)
{
	struct oom_span name, rest;
	int64_t node, total, size;

	if (!oom_span_skip(&s, OOM_SPAN("Node ")) || !oom_span_take_int(&s, &node) ||
		!oom_span_skip(&s, OOM_SPAN(" ")))
		return false;
	total = size_after(s, OOM_SPAN("hugepages_total="));
	size = size_after(s, OOM_SPAN("hugepages_size="));
	if (total >= 0 && size >= 0 && size < INT64_C(1) << 32 && total < INT64_C(1) << 30) {
		add(&memory->hugetlb_kib, total * size);
		return true;
	}
	rest = s;
	name = take_key(&rest);
	if (oom_span_starts(rest, OOM_SPAN(" free:"))) {
		take_zone(memory, (int)node, name, rest);
	} else if (oom_span_skip(&rest, OOM_SPAN(": ")) && oom_span_take_int(&rest, &total) &&
		oom_span_skip(&rest, OOM_SPAN("*"))) {
		/* a page is a power of two */
		if (oom_span_take_int(&rest, &size) && size > 0 && size <= 1024 &&
			!(size & (size - 1)))
			memory->page_kib = size;
	}
	return true;
}

/* "44659 total pagecache pages", "Free swap  = 84kB", "4115400 pages RAM" */
static bool take_totals(struct oom_memory *memory, struct oom_span s)
{
	int64_t number;

	if (oom_span_starts(s, OOM_SPAN("Free swap "))) {
		memory->swap_free_kib = size_after(s, OOM_SPAN("= "));
		return true;
	}
	if (oom_span_starts(s, OOM_SPAN("Total swap "))) {
		memory->swap_total_kib = size_after(s, OOM_SPAN("= "));
		return true;
	}
	if (!oom_span_take_int(&s, &number))
		return false;
	if (oom_span_starts(s, OOM_SPAN(" pages RAM")))
		memory->ram_kib = number;
	else if (oom_span_starts(s, OOM_SPAN(" pages reserved")) ||
		oom_span_starts(s, OOM_SPAN(" reserved pages")))
		memory->reserved_kib = number;
	else if (oom_span_starts(s, OOM_SPAN(" pages in swap cache")))
		memory->swapcache_kib = number;
	else
		return oom_span_starts(s, OOM_SPAN(" total pagecache pages")) ||
			oom_span_starts(s, OOM_SPAN(" pages HighMem")) ||
			oom_span_starts(s, OOM_SPAN(" pages cma")) ||
			oom_span_starts(s, OOM_SPAN(" pages hwpoisoned"));
	return true;
}

static bool take_section(struct oom_memory *memory, struct oom_span s)
{
	if (oom_span_starts(s, OOM_SPAN("Mem-Info:")) ||
		oom_span_starts(s, OOM_SPAN("Mem-info:"))) {
		memory->section = SECTION_MACHINE;
		memory->counts_in_pages = !memory->memcg;
		return true;
	}
	if (oom_span_starts(s, OOM_SPAN("Memory cgroup stats"))) {
		ptrdiff_t at = oom_span_find(s, OOM_SPAN(": "));

		memory->section = SECTION_MEMCG;
		memory->memcg = true;
		if (at >= 0)
			take_memcg_counts(memory, oom_span_from(s, (size_t)at + 2));
		return true;
	}
	return false;
}

/* By the first letter: most lines of a log are none of these, and should cost little. */
bool oom_memory_line(struct oom_memory *memory, struct oom_span s)
{
	char c;

	oom_span_skip_blanks(&s);
	if (!s.len)
		return false;
	c = *s.at;
	if ((c == 'm' || c == 's' || c == 'k') && take_usage(memory, s))
		return true;
	if (c == 'M' && take_section(memory, s))
		return true;
	if (c == 'N' && take_node(memory, s))
		return true;
	if ((oom_is_digit(c) || c == 'F' || c == 'T') && take_totals(memory, s))
		return true;
	/* "kmalloc-8k   4288KB   4640KB": a report that goes on */
	if (s.len > 8 && s.at[s.len - 1] == 'B' && s.at[s.len - 2] == 'K')
		return true;
	if (c < 'a' || c > 'z')
		return false;
	if (memory->section == SECTION_MEMCG)
		return take_memcg_counts(memory, s);
	return memory->section == SECTION_MACHINE && !memory->memcg &&
		take_machine_counts(memory, s);
}

static void to_kib(int64_t *pages, int64_t page_kib)
{
	if (*pages > 0 && __builtin_mul_overflow(*pages, page_kib, pages))
		*pages = -1;
}

void oom_memory_finish(struct oom_memory *memory, int64_t page_kib)
{
	if (memory->page_kib < 0)
		memory->page_kib = page_kib;
	to_kib(&memory->ram_kib, page_kib);
	to_kib(&memory->reserved_kib, page_kib);
	if (!memory->memcg)
		to_kib(&memory->swapcache_kib, page_kib);
	if (!memory->counts_in_pages)
		return;
	memory->counts_in_pages = false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int64_t *slot = (int64_t *)((char *)memory + keys[i].offset);
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen |= keys[j].offset == keys[i].offset;
		if (!seen && slot != &memory->hugetlb_kib && slot != &memory->swapcache_kib)
			to_kib(slot, page_kib);
	}
}
