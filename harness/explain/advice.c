// SPDX-License-Identifier: LGPL-2.1-or-later
/* What to do about it: rules over what the report says, each with the figures of this case. */
#include "harness/explain/explain.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

struct facts {
	const struct oom_incident *incident;
	const struct oom_kill *kill;
	int64_t whole_kib; /* the limit, or the machine's RAM; -1 */
};

/* Is @part a good share (1/@of) of the whole? */
static bool is_much(const struct facts *f, int64_t part, int64_t of)
{
	return part > 0 && f->whole_kib > 0 && part >= f->whole_kib / of;
}

static char *on_sysrq(const struct facts *f)
{
	return f->kill->killer == OOM_KILLER_KERNEL_SYSRQ
		? explain_printf("memory did not run out: somebody pressed sysrq-f or wrote 'f' to "
				 "/proc/sysrq-trigger (kernel.sysrq=0 disables the key)")
		: NULL;
}

static char *on_limit(const struct facts *f)
{
	const struct oom_kill *kill = f->kill;
	char limit[16], held[16];

	if (kill->killer != OOM_KILLER_KERNEL_MEMCG || kill->limit_kib < 0)
		return NULL;
	if (is_much(f, kill->victim.anon_rss_kib, 2))
		return explain_printf(
			"one process filled the limit of %s (%s of anonymous memory): if it "
			"needs that much, raise memory.max (MemoryMax=) of %s; if not, look "
			"for a leak",
			explain_kib(kill->limit_kib, limit),
			explain_kib(kill->victim.anon_rss_kib, held),
			kill->oom_memcg ? kill->oom_memcg : "the cgroup");
	return explain_printf(
		"several processes share the limit of %s of %s, and the victim held only %s: "
		"look at the whole cgroup, not at the victim",
		explain_kib(kill->limit_kib, limit),
		kill->oom_memcg ? kill->oom_memcg : "the cgroup",
		explain_kib(kill->victim.anon_rss_kib, held));
}

static char *on_shmem(const struct facts *f)
{
	char size[16];

	if (!is_much(f, f->incident->memory.shmem_kib, 4))
		return NULL;
	return explain_printf(
		"%s is tmpfs or shared memory, which no kill frees: delete files (df -t tmpfs, "
		"ipcs -m), or limit the tmpfs (mount option size=)",
		explain_kib(f->incident->memory.shmem_kib, size));
}

static char *on_slab(const struct facts *f)
{
	char size[16];

	if (!is_much(f, f->incident->memory.slab_unreclaimable_kib, 5))
		return NULL;
	return explain_printf(
		"%s is unreclaimable slab, which no kill frees: watch slabtop for a leak in a "
		"driver or a file system",
		explain_kib(f->incident->memory.slab_unreclaimable_kib, size));
}

static char *on_hugetlb(const struct facts *f)
{
	char size[16];

	if (!is_much(f, f->incident->memory.hugetlb_kib, 4) || f->incident->memory.memcg)
		return NULL;
	return explain_printf("%s is reserved for huge pages, used or not: lower vm.nr_hugepages",
		explain_kib(f->incident->memory.hugetlb_kib, size));
}

static char *on_mlocked(const struct facts *f)
{
	char size[16];

	if (!is_much(f, f->incident->memory.unevictable_kib, 4))
		return NULL;
	return explain_printf("%s is unevictable (mlock, ramfs): limit mlock with LimitMEMLOCK=",
		explain_kib(f->incident->memory.unevictable_kib, size));
}

static char *on_pagetables(const struct facts *f)
{
	char size[16];

	if (!is_much(f, f->incident->memory.pagetables_kib, 8))
		return NULL;
	return explain_printf(
		"%s is page tables: many processes map the same large memory; use huge pages "
		"or fewer processes",
		explain_kib(f->incident->memory.pagetables_kib, size));
}

static char *on_swap(const struct facts *f)
{
	const struct oom_memory *m = &f->incident->memory;
	char size[16];

	if (f->kill->killer == OOM_KILLER_KERNEL_MEMCG) {
		if (m->swap_limit_kib == 0 && !m->memsw)
			return explain_printf(
				"the cgroup may not swap (memory.swap.max is 0): its idle "
				"anonymous memory cannot be reclaimed");
		return NULL;
	}
	if (m->swap_total_kib == 0)
		return explain_printf(
			"there is no swap, so idle anonymous memory cannot be reclaimed: even a "
			"small swap device or zram helps");
	if (m->swap_total_kib > 0 && m->swap_free_kib >= 0 &&
		m->swap_free_kib < m->swap_total_kib / 50)
		return explain_printf(
			"swap is full (%s): more swap only delays the kill; limit the largest "
			"services with MemoryMax= instead",
			explain_kib(m->swap_total_kib, size));
	return NULL;
}

static char *on_order(const struct facts *f)
{
	if (f->kill->order < 1 || f->kill->killer == OOM_KILLER_KERNEL_MEMCG)
		return NULL;
	return explain_printf(
		"the request was for %" PRId64 " contiguous pages: memory may be free but "
		"fragmented; look at /proc/buddyinfo, vm.min_free_kbytes and compaction",
		INT64_C(1) << (f->kill->order < 20 ? f->kill->order : 20));
}

static char *on_nodes(const struct facts *f)
{
	if (f->kill->killer != OOM_KILLER_KERNEL_CPUSET &&
		f->kill->killer != OOM_KILLER_KERNEL_MEMPOLICY)
		return NULL;
	return explain_printf(
		"only some memory nodes were full: allow more nodes in cpuset.mems or in the "
		"memory policy (numactl --preferred falls back to other nodes, --membind does "
		"not)");
}

static char *on_adj(const struct facts *f)
{
	int64_t adj = f->kill->victim.oom_score_adj;

	if (adj == OOM_ADJ_UNKNOWN || adj < 200)
		return NULL;
	return explain_printf(
		"oom_score_adj %" PRId64 " makes this process a preferred victim "
		"(Kubernetes BestEffort and Burstable, browsers, user services): if it must "
		"survive, raise its memory request or lower OOMScoreAdjust=",
		adj);
}

static char *on_protected(const struct facts *f)
{
	const struct oom_kill *kill = f->kill;
	int64_t held = 0;
	char size[16];

	for (size_t i = 0; i < kill->n_tasks; i++) {
		if (kill->tasks[i].oom_score_adj <= -1000 && kill->tasks[i].oom_score_adj > -2000 &&
			kill->tasks[i].rss_kib > 0)
			held += kill->tasks[i].rss_kib;
	}
	if (!is_much(f, held, 3))
		return NULL;
	return explain_printf(
		"processes with oom_score_adj -1000 hold %s: the kernel never kills them, so "
		"it kills others",
		explain_kib(held, size));
}

static char *on_pressure(const struct facts *f)
{
	if (f->kill->killer == OOM_KILLER_SYSTEMD_OOMD)
		return explain_printf(
			"systemd-oomd acts on memory pressure and swap use before the kernel "
			"does: oomctl shows its limits, ManagedOOMPreference=avoid or omit "
			"protects a unit");
	if (f->kill->killer == OOM_KILLER_EARLYOOM)
		return explain_printf(
			"earlyoom acts at its -m and -s limits, before the kernel does: --avoid "
			"and --prefer choose its victims");
	return NULL;
}

size_t explain_advice(
	const struct oom_incident *incident, const struct oom_kill *kill, char **ret, size_t max)
{
	static char *(*const rules[])(const struct facts *) = {on_sysrq, on_nodes, on_shmem,
		on_slab, on_hugetlb, on_mlocked, on_pagetables, on_limit, on_order, on_adj,
		on_protected, on_swap, on_pressure};
	struct facts facts = {incident, kill,
		kill->limit_kib >= 0 && kill->killer == OOM_KILLER_KERNEL_MEMCG
			? kill->limit_kib
			: incident->memory.ram_kib};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && n < max; i++) {
		char *text = rules[i](&facts);

		if (!text)
			continue;
		ret[n++] = text;
		/* on request, nothing was wrong */
		if (rules[i] == on_sysrq)
			break;
	}
	return n;
}
