// SPDX-License-Identifier: LGPL-2.1-or-later
/* The attempts of a run: an entry for each, the record itself in memory or in the run's file. */
#include "lib/base/cleanup.h"
#include "lib/record/record.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

_Static_assert(sizeof(struct oom_entry) == 48, "a million of them are 48 MB");

struct oom_run *oom_run_new(void)
{
	struct oom_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->start_realtime_us = run->duration_us = run->seed = run->planned = -1;
	run->fd = -1;
	return run;
}

void oom_run_free(struct oom_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->n_attempts; i++)
		if (!run->entries[i].len)
			oom_attempt_free(run->entries[i].attempt);
	free(run->entries);
	oom_names_release(&run->scenarios);
	oom_names_release(&run->machine_ids);
	oom_closep(&run->fd);
	oom_arena_release(&run->arena);
	free(run);
}

/* Workloads stand in no order that would mean anything: a sum. */
uint64_t oom_attempt_end_hash(const struct oom_attempt *attempt)
{
	const int64_t own[] = {attempt->verdict, attempt->panicked, (int64_t)attempt->n_workloads};
	uint64_t sum = oom_mix(0, own, sizeof(own));

	for (size_t i = 0; i < attempt->n_workloads; i++) {
		const struct oom_workload_rec *w = &attempt->workloads[i];
		const int64_t end[] = {w->end, w->killed_by, w->exit_code, w->signal};
		const char *name = w->name ? w->name : "";

		sum += oom_mix(oom_mix(1, name, strlen(name)), end, sizeof(end));
	}
	return sum;
}

static bool is_noteworthy(const struct oom_attempt *attempt)
{
	for (size_t i = 0; i < attempt->n_sources; i++)
		if (attempt->sources[i].state == OOM_SOURCE_LOST)
			return true;
	return attempt->n_disagreements || attempt->n_warnings ||
		(attempt->verdict == OOM_PASS && attempt->reason && *attempt->reason);
}

static struct oom_entry entry_of(const struct oom_attempt *attempt)
{
	bool counts = attempt->attempt > 0 && attempt->attempt <= UINT32_MAX;

	return (struct oom_entry){
		.end_hash = oom_attempt_end_hash(attempt),
		.duration_us = attempt->duration_us,
		.kill_latency_us = attempt->kill_latency_us,
		.number = counts ? (uint32_t)attempt->attempt : 0,
		.verdict = attempt->verdict,
		.noteworthy = is_noteworthy(attempt),
	};
}

int oom_run_describe(struct oom_run *run, const struct oom_attempt *attempt, uint64_t offset,
	uint32_t len, struct oom_entry *ret)
{
	struct oom_entry entry = entry_of(attempt);
	uint32_t machine;

	if (oom_names_add(&run->scenarios, attempt->scenario ? attempt->scenario : "",
		    &entry.scenario) < 0 ||
		oom_names_add(
			&run->machine_ids, attempt->machine ? attempt->machine : "", &machine) < 0)
		return -ENOMEM;
	if (machine >= 1 << 24)
		return -E2BIG;
	if (entry.scenario == run->n_titles) {
		const char **titles =
			oom_arena_grow(&run->arena, run->titles, run->n_titles, sizeof(*titles));
		const char *title =
			oom_arena_strdup(&run->arena, attempt->title ? attempt->title : "");

		if (!titles || !title)
			return -ENOMEM;
		run->titles = titles;
		titles[run->n_titles++] = title;
	}
	if (oom_run_note_shape(run, machine, attempt) < 0)
		return -ENOMEM;
	entry.machine = machine & 0xffffff;
	entry.offset = offset;
	entry.len = len;
	*ret = entry;
	return 0;
}

int oom_run_add_entry(struct oom_run *run, const struct oom_entry *entry)
{
	size_t n = run->n_attempts;

	/* full at 0 and at the powers of two from 64 on */
	if (!n || (n >= 64 && !(n & (n - 1)))) {
		struct oom_entry *grown =
			reallocarray(run->entries, n ? 2 * n : 64, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		run->entries = grown;
	}
	run->entries[run->n_attempts++] = *entry;
	return 0;
}

int oom_run_add_attempt(struct oom_run *run, struct oom_attempt *attempt)
{
	struct oom_entry entry = {.attempt = attempt};
	int r = oom_run_add_entry(run, &entry);

	if (r == 0)
		attempt->kept = true;
	return r;
}

static const struct oom_attempt *whole(const struct oom_run *run, size_t i)
{
	return run->entries[i].len ? NULL : run->entries[i].attempt;
}

struct oom_entry oom_run_entry(const struct oom_run *run, size_t i)
{
	return whole(run, i) ? entry_of(whole(run, i)) : run->entries[i];
}

const char *oom_run_scenario(const struct oom_run *run, size_t i)
{
	const char *text = whole(run, i) ? whole(run, i)->scenario
					 : run->scenarios.items[run->entries[i].scenario];

	return text ? text : "";
}

const char *oom_run_title(const struct oom_run *run, size_t i)
{
	const char *text =
		whole(run, i) ? whole(run, i)->title : run->titles[run->entries[i].scenario];

	return text ? text : "";
}

const char *oom_run_machine_id(const struct oom_run *run, size_t i)
{
	const char *text = whole(run, i) ? whole(run, i)->machine
					 : run->machine_ids.items[run->entries[i].machine];

	return text ? text : "";
}

int oom_run_attempt(const struct oom_run *run, size_t i, const struct oom_attempt **ret)
{
	const struct oom_entry *entry = &run->entries[i];
	oom_autofree char *text = NULL;
	struct oom_attempt *attempt;
	int r;

	if (!entry->len) {
		*ret = entry->attempt;
		return 0;
	}
	text = malloc(entry->len);
	if (!text)
		return -ENOMEM;
	for (size_t at = 0; at < entry->len;) {
		ssize_t n = pread(run->fd, text + at, entry->len - at, (off_t)(entry->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		at += (size_t)n;
	}
	r = oom_attempt_parse(text, entry->len, NULL, &attempt);
	if (r == 0)
		*ret = attempt;
	return r;
}

void oom_attempt_return(const struct oom_attempt **attempt)
{
	if (*attempt && !(*attempt)->kept)
		oom_attempt_free((struct oom_attempt *)(uintptr_t)*attempt);
	*attempt = NULL;
}
