// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/panic.h"

#include "harness/expects/expect.h"
#include "harness/host/file.h"
#include "harness/sources/log_kept.h"
#include "lib/kernel/console.h"
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

/* What the kernel's console has to tell, line by line. */
struct last_words {
	char *text; /* the kernel's own lines; others are empty, so that the numbers stay */
	size_t len;
	uint64_t n_lines, not_understood;
	bool begun; /* our first record is there: it shows lines of every level */
	bool panicked;
};

static int read_line(
	const struct oom_console_line *line, struct oom_attempt *record, struct last_words *words)
{
	static const struct oom_span begin = OOM_SPAN("oomgate: begin "),
				     panic = OOM_SPAN("Kernel panic - not syncing");
	const char *text;

	if (line->prio >= 8) {
		words->begun |= oom_span_starts(line->text, begin);
		return 0;
	}
	memcpy(words->text + words->len, line->line.at, line->line.len);
	words->len += line->line.len;
	if (oom_span_starts(line->text, panic)) {
		words->panicked = true;
		return 0;
	}
	text = oom_arena_strndup(&record->arena, line->text.at, line->text.len);
	if (!text)
		return -ENOMEM;
	record->fork_rejected |= oom_is_refused_fork(text);
	return oom_is_warning(text)
		? oom_attempt_add_text(record, &record->warnings, &record->n_warnings, text)
		: 0;
}

static int read_lines(struct oom_span rest, struct oom_attempt *record, struct last_words *words)
{
	struct oom_console_line line;
	int r, told = 0;

	words->text = oom_arena_alloc(&record->arena, rest.len + 1);
	if (!words->text)
		return -ENOMEM;
	while ((r = oom_console_next(&rest, &line)) && told >= 0) {
		words->n_lines++;
		words->not_understood += r < 0;
		if (r > 0)
			told = read_line(&line, record, words);
		words->text[words->len++] = '\n';
	}
	return told;
}

/* A console has no sequence numbers: one that could not keep up says so itself. */
static void judge_words(struct oom_attempt *record, const struct last_words *words,
	const char *text, struct oom_source_rec *source)
{
	source->state = OOM_SOURCE_LOST;
	source->records = (int64_t)words->n_lines;
	source->lost = -1;
	if (strstr(text, "printk messages dropped"))
		source->note = "the console of the guest, which panicked, could not keep up";
	else if (words->not_understood)
		source->note = oom_arena_printf(&record->arena,
			"the guest panicked, and %llu lines of its console do not say who wrote them "
			"(a kernel before 4.16? console_msg_format=?)",
			(unsigned long long)words->not_understood);
	else if (!words->begun)
		source->note =
			"the guest panicked before oomgate's own first record was on its console";
	else if (!words->panicked)
		source->note = "the guest panicked, but its console ends before that";
	else
		source->state = OOM_SOURCE_OK;
	if (source->state != OOM_SOURCE_OK)
		return;
	source->lost = 0;
	source->note = "the kernel's own lines on the console: the guest panicked";
}

static int read_kills(
	const struct oom_scenario *scenario, const char *path, struct oom_attempt *record)
{
	struct oom_source_rec *source = oom_attempt_add_source(record);
	struct last_words words = {0};
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
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = read_lines((struct oom_span){text, len}, record, &words);
	if (r >= 0)
		r = oom_kills_from_kmsg(&record->arena, words.text, words.len, &kills, &count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		r = add_kill(scenario, &kills[i], record);
		if (r < 0)
			return r;
	}
	judge_words(record, &words, text, source);
	record->oom_kills = source->state == OOM_SOURCE_OK ? (int64_t)count : -1;
	return 0;
}

int oom_panic_judge(
	const struct oom_scenario *scenario, const char *printk_path, struct oom_attempt *record)
{
	const struct oom_section *expect = oom_scenario_section(scenario, OOM_SEC_EXPECT, "");
	const char *panic = record->reason;
	int r;

	if (!record->panicked || !expect || !oom_section_bool(expect, "Panic", false))
		return 0;
	r = read_kills(scenario, printk_path, record);
	if (r >= 0)
		r = oom_expects_judge(scenario, 0, record);
	if (r >= 0 && record->verdict == OOM_PASS)
		record->reason = panic;
	return r;
}
