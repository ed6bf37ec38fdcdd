// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words that people read: a sentence each. */
#include "harness/explain/explain.h"
#include "lib/base/escape.h"

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

/* What ran out. */
static char *reason_of(const struct oom_incident *incident, const struct oom_kill *kill)
{
	char limit[16];

	switch (kill->killer) {
	case OOM_KILLER_KERNEL_MEMCG:
		if (kill->oom_memcg && kill->limit_kib >= 0)
			return explain_printf("the cgroup %s reached its limit of %s",
				kill->oom_memcg, explain_kib(kill->limit_kib, limit));
		if (kill->oom_memcg)
			return explain_printf("the cgroup %s reached its limit", kill->oom_memcg);
		return explain_printf("a cgroup reached its memory limit");
	case OOM_KILLER_KERNEL_CPUSET:
		return explain_printf("the memory nodes that the cpuset allows%s%s were full",
			incident->mems_allowed ? " (nodes " : "",
			incident->mems_allowed ? incident->mems_allowed : "");
	case OOM_KILLER_KERNEL_MEMPOLICY:
		return explain_printf("the memory nodes that the memory policy allows were full");
	case OOM_KILLER_KERNEL_SYSRQ:
		return explain_printf("somebody asked for it (sysrq-f)");
	case OOM_KILLER_KERNEL_GLOBAL:
		return explain_printf("the machine ran out of memory");
	case OOM_KILLER_SYSTEMD_OOMD:
		return explain_printf(
			"systemd-oomd saw too much memory pressure or too little swap");
	case OOM_KILLER_EARLYOOM:
	case OOM_KILLER_NOHANG:
	case OOM_KILLER_LOWMEMORYKILLER:
		return explain_printf("available memory fell below the limit of %s",
			oom_killer_name(kill->killer));
	default:
		return explain_printf("memory ran out; the log does not say whose");
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
	const char *verb = incident->signal == SIGTERM ? "told to end (SIGTERM)" : "killed";

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
			kill->oom_group ? ", and the group is killed together" : "");
	free(reason);
	return text;
}

char *explain_held(const struct oom_kill *kill)
{
	const struct oom_task *v = &kill->victim;
	char anon[16], file[16], shmem[16], tables[16];

	if (v->anon_rss_kib < 0 && v->file_rss_kib < 0)
		return NULL;
	return explain_printf(
		"anonymous memory %s, files %s, shared (tmpfs, shm) %s, page tables %s",
		explain_kib(v->anon_rss_kib, anon), explain_kib(v->file_rss_kib, file),
		explain_kib(v->shmem_rss_kib, shmem), explain_kib(v->pgtables_kib, tables));
}

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
		return explain_printf(
			"at most %s (anonymous memory and page tables); its %s of shared "
			"memory stay where they are files of a tmpfs or still in use",
			freed, explain_kib(v->shmem_rss_kib, stays));
	if (shmem > frees && shmem > 1024)
		return explain_printf(
			"at most %s (anonymous memory and page tables); %s of tmpfs and "
			"shared memory stay until the files are deleted: killing does not "
			"free them",
			freed, explain_kib(shmem, stays));
	return explain_printf(
		"at most %s (anonymous memory and page tables); its files could have been "
		"dropped without a kill",
		freed);
}

#define BOUNDS "longer than 64 KiB, or 10 KiB as an entry's message"

char *explain_gaps(int64_t cut_lines, int64_t lost)
{
	if (cut_lines && lost)
		return explain_printf(
			"%" PRId64 " records were overwritten before they were read, and %" PRId64
			" lines are " BOUNDS ": the rest of each was passed over",
			lost, cut_lines);
	if (lost)
		return explain_printf(
			"%" PRId64 " records were overwritten before they were read", lost);
	if (cut_lines)
		return explain_printf("%" PRId64 " line%s " BOUNDS ": the rest was passed over",
			cut_lines, cut_lines == 1 ? " is" : "s are");
	return NULL;
}

char *explain_request(const struct oom_incident *incident, const struct oom_kill *kill)
{
	const char *path = explain_path(incident);
	char pid[32] = "", pages[32] = "a page";

	if (!kill->invoker_comm && kill->gfp_mask < 0)
		return NULL;
	if (kill->invoker_pid >= 0)
		snprintf(pid, sizeof(pid), " (pid %" PRId64 ")", kill->invoker_pid);
	if (kill->order == -1)
		return explain_printf("%s%s: sysrq-f, no allocation",
			kill->invoker_comm ? kill->invoker_comm : "?", pid);
	if (kill->order > 0 && kill->order < 20)
		snprintf(pages, sizeof(pages), "%" PRId64 " pages in a row",
			INT64_C(1) << kill->order);
	return explain_printf("%s%s asked for %s%s%s, gfp_mask 0x%" PRIx64 "%s%s%s",
		kill->invoker_comm ? kill->invoker_comm : "?", pid, pages, path ? ", " : "",
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
