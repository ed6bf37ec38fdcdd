// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sentences of 'oomgate explain', and their numbers: one of a thing, and many. */
#include "harness/explain/explain.h"

#include "lib/base/cleanup.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct oom_incident incident_of(enum oom_killer killer)
{
	struct oom_incident incident = {.signal = -1, .memory.shmem_kib = -1};

	oom_kill_init(&incident.kill);
	incident.kill.killer = killer;
	incident.kill.victim.comm = "hog";
	incident.kill.victim.pid = 7;
	return incident;
}

Test(words, the_nodes_of_a_cpuset)
{
	static const struct {
		const char *mems, *sentence;
	} rows[] = {
		{"1",
			"hog (pid 7) was killed by the kernel: the memory node that the cpuset "
			"allows (node 1) was full"},
		{"0-1",
			"hog (pid 7) was killed by the kernel: the memory nodes that the cpuset "
			"allows (nodes 0-1) were full"},
		{"0,2",
			"hog (pid 7) was killed by the kernel: the memory nodes that the cpuset "
			"allows (nodes 0,2) were full"},
		{NULL,
			"hog (pid 7) was killed by the kernel: the memory nodes that the cpuset "
			"allows were full"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_incident incident = incident_of(OOM_KILLER_KERNEL_CPUSET);
		oom_autofree char *text = NULL;

		incident.mems_allowed = rows[i].mems;
		text = explain_sentence(&incident, &incident.kill);
		cr_expect_str_eq(text, rows[i].sentence, "%s", text);
	}
}

Test(words, who_did_it_and_how)
{
	static const struct {
		enum oom_killer killer;
		int64_t signal;
		bool group;
		const char *sentence;
	} rows[] = {
		{OOM_KILLER_KERNEL_GLOBAL, -1, false,
			"hog (pid 7) was killed by the kernel: the machine ran out of memory"},
		{OOM_KILLER_KERNEL_MEMCG, -1, true,
			"hog (pid 7) was killed by the kernel: a cgroup reached its memory limit; "
			"memory.oom.group is set, so all of the cgroup is killed"},
		{OOM_KILLER_KERNEL_SYSRQ, -1, false,
			"hog (pid 7) was killed by the kernel: the OOM killer was invoked by hand "
			"(sysrq-f)"},
		{OOM_KILLER_EARLYOOM, SIGTERM, false,
			"hog (pid 7) was sent SIGTERM by earlyoom: available memory fell below its "
			"limit"},
		{OOM_KILLER_SYSTEMD_OOMD, SIGKILL, false,
			"hog (pid 7) was killed by systemd-oomd: memory pressure or swap use "
			"exceeded its limit"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_incident incident = incident_of(rows[i].killer);
		oom_autofree char *text = NULL;

		incident.signal = rows[i].signal;
		incident.kill.oom_group = rows[i].group;
		text = explain_sentence(&incident, &incident.kill);
		cr_expect_str_eq(text, rows[i].sentence, "%s", text);
	}
}

/* What the log does not say is not there; what is nothing is not spoken of. */
Test(words, held_and_freed)
{
	static const struct {
		int64_t anon, file, shmem, tables, of_all;
		const char *held, *freed;
	} rows[] = {
		{-1, -1, -1, -1, -1, NULL, NULL},
		{1024, 0, -1, -1, -1, "anon-rss 1.0M, file-rss 0K",
			"at most 1.0M (anonymous memory and page tables)"},
		{1024, 2048, 0, 1024, 0,
			"anon-rss 1.0M, file-rss 2.0M, shmem-rss 0K, page tables 1.0M",
			"at most 2.0M (anonymous memory and page tables); its 2.0M of file pages "
			"could be reclaimed without a kill"},
		{4096, 0, 2048, 0, 2048,
			"anon-rss 4.0M, file-rss 0K, shmem-rss 2.0M, page tables 0K",
			"at most 4.0M (anonymous memory and page tables); its 2.0M of shmem stays "
			"while it is in a tmpfs or in use elsewhere"},
		{0, 0, 0, 0, 8192, "anon-rss 0K, file-rss 0K, shmem-rss 0K, page tables 0K",
			"at most 0K (anonymous memory and page tables); 8.0M of tmpfs and shared "
			"memory stays until it is deleted: no kill frees it"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oom_incident incident = incident_of(OOM_KILLER_KERNEL_GLOBAL);
		oom_autofree char *held = NULL, *freed = NULL;

		incident.kill.victim.anon_rss_kib = rows[i].anon;
		incident.kill.victim.file_rss_kib = rows[i].file;
		incident.kill.victim.shmem_rss_kib = rows[i].shmem;
		incident.kill.victim.pgtables_kib = rows[i].tables;
		incident.memory.shmem_kib = rows[i].of_all;
		held = explain_held(&incident.kill);
		freed = explain_freed(&incident, &incident.kill);
		cr_expect_str_eq(held ?: "none", rows[i].held ?: "none", "row %zu: %s", i, held);
		cr_expect_str_eq(freed ?: "none", rows[i].freed ?: "none", "row %zu: %s", i, freed);
	}
}

Test(words, gaps)
{
#define BOUNDS                                                                                     \
	"longer than 64 KiB (10 KiB for the message of a journal entry): the rest was skipped"
	static const struct {
		int64_t cut_lines, lost;
		const char *text;
	} rows[] = {
		{0, 0, "none"},
		{1, 0, "1 line is " BOUNDS},
		{2, 0, "2 lines are " BOUNDS},
		{0, 1, "1 record was overwritten before it was read"},
		{0, 2, "2 records were overwritten before they were read"},
		{1, 3, "3 records were overwritten before they were read, and 1 line is " BOUNDS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		oom_autofree char *text = explain_gaps(rows[i].cut_lines, rows[i].lost);

		cr_expect_str_eq(text ?: "none", rows[i].text, "row %zu: %s", i, text);
	}
}
