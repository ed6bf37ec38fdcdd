// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/panic.h"

#include "harness/expects/expect.h"
#include "harness/host/file.h"
#include "lib/klog/kmsg.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum {
	COMM_BYTES = 15, /* proc_pid_comm(5): what a process's name keeps of a workload's */
	CONSOLE_BYTES = 16 << 20
};

static const char *workload_of_comm(const struct oom_scenario *scenario, const char *comm)
{
	const struct oom_section *s = NULL;

	while (comm && (s = oom_scenario_next(scenario, OOM_SEC_WORKLOAD, s)))
		if (!strncmp(s->name, comm, COMM_BYTES))
			return s->name;
	return NULL;
}

static int add_kill(const struct oom_scenario *scenario, const struct oom_kill *kill,
	struct oom_attempt *record)
{
	const char *name = workload_of_comm(scenario, kill->victim.comm);
	struct oom_kill *copy = oom_attempt_add_kill(record);
	struct oom_workload_rec *rec;

	if (!copy)
		return -ENOMEM;
	*copy = *kill;
	if (!name)
		return 0;
	copy->workload = oom_arena_strdup(&record->arena, name);
	rec = oom_attempt_workload(record, name);
	if (rec) {
		rec->kills++;
		return 0;
	}
	rec = oom_attempt_add_workload(record);
	if (!rec)
		return -ENOMEM;
	rec->name = copy->workload;
	rec->pid = kill->victim.pid;
	rec->end = OOM_END_SIGNALLED;
	rec->signal = 9;
	rec->exit_code = 137;
	rec->killed_by = rec->own_killer = kill->killer;
	rec->descendants_killer = OOM_KILLER_NOBODY;
	rec->kills = 1;
	return oom_attempt_add_text(record, &rec->evidence, &rec->n_evidence,
		"the console of the guest, which panicked later; the name is that of the workload");
}

static int read_kills(
	const struct oom_scenario *scenario, const char *path, struct oom_attempt *record)
{
	struct oom_source_rec *source = oom_attempt_add_source(record);
	struct oom_kill *kills;
	size_t len, count;
	char *text;
	int r;

	if (!source)
		return -ENOMEM;
	*source = (struct oom_source_rec){.name = "kmsg",
		.state = OOM_SOURCE_ABSENT,
		.note = "the guest panicked, but its console cannot be read"};
	r = oom_file_read(&record->arena, path, CONSOLE_BYTES, &text, &len);
	if (r >= 0)
		r = oom_kills_from_kmsg(&record->arena, text, len, &kills, &count);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < count; i++) {
		r = add_kill(scenario, &kills[i], record);
		if (r < 0)
			return r;
	}
	/* there are no sequence numbers: a console that could not keep up says so itself */
	source->state = strstr(text, "printk messages dropped") ? OOM_SOURCE_LOST : OOM_SOURCE_OK;
	source->lost = source->state == OOM_SOURCE_OK ? 0 : -1;
	source->note = "the console: the guest panicked";
	record->oom_kills = source->state == OOM_SOURCE_OK ? (int64_t)count : -1;
	return 0;
}

int oom_panic_judge(
	const struct oom_scenario *scenario, const char *console_path, struct oom_attempt *record)
{
	const struct oom_section *expect = oom_scenario_section(scenario, OOM_SEC_EXPECT, "");
	const char *panic = record->reason;
	int r;

	if (!record->panicked || !expect || !oom_section_bool(expect, "Panic", false))
		return 0;
	r = read_kills(scenario, console_path, record);
	if (r >= 0)
		r = oom_expects_judge(scenario, 0, record);
	if (r >= 0 && record->verdict == OOM_PASS)
		record->reason = panic;
	return r;
}
