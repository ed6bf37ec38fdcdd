// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words that people read: a sentence each. */
#include "harness/explain/explain.h"
#include "lib/base/bounded.h"
#include "lib/base/escape.h"
#include "lib/base/format.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *explain_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	return n < 0 ? NULL : text;
}

const char *explain_kib(int64_t kib, char buf[static 16])
{
	static const char units[] = "KMGTPE";
	double size = (double)kib;
	size_t unit = 0;

	if (kib < 0)
		return "-";
	while (size >= 1024 && unit + 1 < sizeof(units) - 1) {
		size /= 1024;
		unit++;
	}
	snprintf(buf, 16, unit ? "%.1f%c" : "%.0f%c", size, units[unit]);
	return buf;
}

char *explain_printable(const char *text)
{
	char piece[OOM_ESCAPE_BYTES], *copy, *end;
	size_t len;

	text = text ? text : "?";
	copy = end = malloc(4 * strlen(text) + 1);
	while (copy && (len = oom_escape_next(&text, true, piece))) {
		memcpy(end, piece, len);
		end += len;
	}
	if (copy)
		*end = '\0';
	return copy;
}

/* What a cpuset confines to: @mems is a list of nodes ("1", "0-1", "0,2"), NULL: the log does not say. */
static char *cpuset_words(const char *mems)
{
	bool one = mems && !strpbrk(mems, "-,");

	if (!mems)
		return explain_printf("the memory nodes that the cpuset allows were full");
	return explain_printf("the memory node%s that the cpuset allows (node%s %s) %s full",
		one ? "" : "s", one ? "" : "s", mems, one ? "was" : "were");
}

/* What ran out. */
static char *reason_of(const struct oom_incident *incident, const struct oom_kill *kill)
{
	char limit[16];

	switch (kill->killer) {
	case OOM_KILLER_KERNEL_MEMCG:
		if (kill->oom_memcg && kill->limit_kib >= 0)
			return explain_printf("the cgroup %s reached its memory limit of %s",
				kill->oom_memcg, explain_kib(kill->limit_kib, limit));
		if (kill->oom_memcg)
			return explain_printf(
				"the cgroup %s reached its memory limit", kill->oom_memcg);
		return explain_printf("a cgroup reached its memory limit");
	case OOM_KILLER_KERNEL_CPUSET:
		return cpuset_words(incident->mems_allowed);
	case OOM_KILLER_KERNEL_MEMPOLICY:
		return explain_printf("the memory nodes that the memory policy allows were full");
	case OOM_KILLER_KERNEL_SYSRQ:
		return explain_printf("the OOM killer was invoked by hand (sysrq-f)");
	case OOM_KILLER_KERNEL_GLOBAL:
		return explain_printf("the machine ran out of memory");
	case OOM_KILLER_SYSTEMD_OOMD:
		return explain_printf("memory pressure or swap use exceeded its limit");
	case OOM_KILLER_EARLYOOM:
	case OOM_KILLER_NOHANG:
	case OOM_KILLER_LOWMEMORYKILLER:
		return explain_printf("available memory fell below its limit");
	default:
		return explain_printf("memory ran out, but the log does not say where");
	}
}

static const char *killer_words(enum oom_killer killer)
{
	switch (killer) {
	case OOM_KILLER_SYSTEMD_OOMD:
		return "systemd-oomd";
	case OOM_KILLER_EARLYOOM:
	case OOM_KILLER_NOHANG:
	case OOM_KILLER_LOWMEMORYKILLER:
	case OOM_KILLER_SYSTEMD:
		return oom_killer_name(killer);
	default:
		return "the kernel";
	}
}

char *explain_sentence(const struct oom_incident *incident, const struct oom_kill *kill)
{
	char *reason = reason_of(incident, kill), *text = NULL;
	const char *verb = incident->signal == SIGTERM ? "sent SIGTERM" : "killed";

	if (!reason)
		return NULL;
	if (kill->victim.pid < 0 && !kill->victim.comm)
		text = explain_printf("%s was %s by %s: %s",
			kill->task_memcg ? kill->task_memcg : "a process", verb,
			killer_words(kill->killer), reason);
	else if (kill->victim.pid < 0)
		text = explain_printf("%s was %s by %s: %s", kill->victim.comm, verb,
			killer_words(kill->killer), reason);
	else
		text = explain_printf("%s (pid %" PRId64 ") was %s by %s: %s%s",
			kill->victim.comm ? kill->victim.comm : "a process", kill->victim.pid, verb,
			killer_words(kill->killer), reason,
			kill->oom_group
				? "; memory.oom.group is set, so all of the cgroup is killed"
				: "");
	free(reason);
	return text;
}

char *explain_held(const struct oom_kill *kill)
{
	const struct oom_task *v = &kill->victim;
	const struct {
		const char *name;
		int64_t kib;
	} parts[] = {{"anon-rss", v->anon_rss_kib}, {"file-rss", v->file_rss_kib},
		{"shmem-rss", v->shmem_rss_kib}, {"page tables", v->pgtables_kib}};
	char text[128], size[16];
	struct oom_bounded held = OOM_BOUNDED(text);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].kib >= 0)
			oom_bounded_printf(&held, "%s%s %s", held.len ? ", " : "", parts[i].name,
				explain_kib(parts[i].kib, size));
	}
	return held.len ? explain_printf("%s", text) : NULL;
}

#define FREED "at most %s (anonymous memory and page tables)"

char *explain_freed(const struct oom_incident *incident, const struct oom_kill *kill)
{
	const struct oom_task *v = &kill->victim;
	int64_t frees = (v->anon_rss_kib > 0 ? v->anon_rss_kib : 0) +
		(v->pgtables_kib > 0 ? v->pgtables_kib : 0);
	int64_t shmem = incident->memory.shmem_kib;
	char freed[16], stays[16];

	if (v->anon_rss_kib < 0)
		return NULL;
	explain_kib(frees, freed);
	if (shmem <= frees && v->shmem_rss_kib > 1024)
		return explain_printf(FREED
			"; its %s of shmem stays while it is in a tmpfs or in use elsewhere",
			freed, explain_kib(v->shmem_rss_kib, stays));
	if (shmem > frees && shmem > 1024)
		return explain_printf(FREED "; %s of tmpfs and shared memory stays until it is "
					    "deleted: no kill frees it",
			freed, explain_kib(shmem, stays));
	if (v->file_rss_kib > 1024)
		return explain_printf(FREED "; its %s of file pages could be reclaimed without a "
					    "kill",
			freed, explain_kib(v->file_rss_kib, stays));
	return explain_printf(FREED, freed);
}

#define BOUNDS "longer than 64 KiB (10 KiB for the message of a journal entry)"

char *explain_gaps(int64_t cut_lines, int64_t lost)
{
	char text[256];
	struct oom_bounded gaps = OOM_BOUNDED(text);

	if (lost)
		oom_bounded_printf(&gaps, "%" PRId64 " %s overwritten before %s read", lost,
			oom_plural((uint64_t)lost, "record was", "records were"),
			oom_plural((uint64_t)lost, "it was", "they were"));
	if (cut_lines)
		oom_bounded_printf(&gaps, "%s%" PRId64 " %s " BOUNDS ": the rest was skipped",
			lost ? ", and " : "", cut_lines,
			oom_plural((uint64_t)cut_lines, "line is", "lines are"));
	return gaps.len ? explain_printf("%s", text) : NULL;
}

char *explain_request(const struct oom_incident *incident, const struct oom_kill *kill)
{
	const char *path = explain_path(incident);
	char pid[32] = "", pages[40] = "one page";

	if (!kill->invoker_comm && kill->gfp_mask < 0)
		return NULL;
	if (kill->invoker_pid >= 0)
		snprintf(pid, sizeof(pid), " (pid %" PRId64 ")", kill->invoker_pid);
	if (kill->order == -1)
		return explain_printf("%s%s, through sysrq-f: it asked for no memory",
			kill->invoker_comm ? kill->invoker_comm : "?", pid);
	if (kill->order > 0 && kill->order < 20)
		snprintf(pages, sizeof(pages), "%" PRId64 " contiguous pages",
			INT64_C(1) << kill->order);
	return explain_printf("%s%s asked for %s%s%s, gfp_mask 0x%" PRIx64 "%s%s%s",
		kill->invoker_comm ? kill->invoker_comm : "?", pid, pages, path ? " while " : "",
		path ? path : "", kill->gfp_mask < 0 ? 0 : kill->gfp_mask,
		incident->gfp_names ? " (" : "", incident->gfp_names ? incident->gfp_names : "",
		incident->gfp_names ? ")" : "");
}

size_t explain_memory(const struct oom_incident *incident, struct explain_share *ret, size_t max)
{
	const struct oom_memory *m = &incident->memory;
	const struct explain_share all[] = {
		{"anon", m->anon_kib},
		{"file", m->file_kib},
		{"shmem", m->shmem_kib},
		{"slab_unreclaimable", m->slab_unreclaimable_kib},
		{"slab_reclaimable", m->slab_reclaimable_kib},
		{"pagetables", m->pagetables_kib},
		{"kernel_stack", m->kernel_stack_kib},
		{"hugetlb", m->hugetlb_kib},
		{"unevictable", m->unevictable_kib},
		{"mlocked", m->mlocked_kib},
		{"sock", m->sock_kib},
		{"percpu", m->percpu_kib},
		{"vmalloc", m->vmalloc_kib},
		{"dirty", m->dirty_kib},
		{"writeback", m->writeback_kib},
		{"swapcache", m->swapcache_kib},
		{"free", m->free_kib},
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t at = n;

		if (all[i].kib < 0 || n == max)
			continue;
		while (at > 0 && ret[at - 1].kib < all[i].kib)
			at--;
		memmove(ret + at + 1, ret + at, (n - at) * sizeof(*ret));
		ret[at] = all[i];
		n++;
	}
	return n;
}
