// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/runner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Sources that must agree. A disagreement is a sentence in the record; what it means for an expectation
 * is decided there.
 */

static int disagree(struct oom_attempt *record, const char *text)
{
	return oom_attempt_add_text(record, &record->disagreements, &record->n_disagreements, text);
}

/* How many kills there were: what OOMKills= depends on. */
static int dispute_kills(struct oom_attempt *record, const char *source, int64_t count,
	const char *other_source, int64_t other_count)
{
	char a[24], b[24];
	struct oom_dispute_rec dispute = {.subject = "", .key = "OOMKills", .source = source,
		.value = a, .other_source = other_source, .other_value = b};

	snprintf(a, sizeof(a), "%lld", (long long)count);
	snprintf(b, sizeof(b), "%lld", (long long)other_count);
	return oom_attempt_add_dispute(record, &dispute);
}

static bool source_ok(const struct oom_attempt *record, const char *name)
{
	const struct oom_source_rec *s = oom_attempt_source(record, name);

	return s && s->state == OOM_SOURCE_OK;
}

/* The log prints every kill ("Killed process" is not rate-limited): what mark_victim saw must be there. */
static int check_log_against_trace(struct oom_attempt *record)
{
	char text[200];

	if (!source_ok(record, "kmsg") || !source_ok(record, "mark_victim"))
		return 0;
	for (size_t i = 0; i < record->n_kills; i++) {
		const struct oom_kill *kill = &record->kills[i];

		if (kill->line >= 0)
			continue;
		snprintf(text, sizeof(text),
			"mark_victim names process %lld, of which the kernel log has no kill",
			(long long)kill->victim.pid);
		if (disagree(record, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool kill_in(const struct oom_kill *kill, const struct oom_unit_rec *unit)
{
	size_t len = strlen(unit->cgroup ? unit->cgroup : "");

	return len && kill->task_memcg && !strncmp(kill->task_memcg, unit->cgroup, len) &&
		(kill->task_memcg[len] == '\0' || kill->task_memcg[len] == '/');
}

/* oom_kill of a cgroup counts kills in it and below; a group kill counts its first victim twice. */
static int check_log_against_counters(struct oom_attempt *record)
{
	if (!source_ok(record, "kmsg"))
		return 0;
	for (size_t i = 0; i < record->n_units; i++) {
		const struct oom_unit_rec *unit = &record->units[i];
		int64_t counted = oom_counter_get(unit->events, unit->n_events, "oom_kill"), logged = 0;

		if (counted < 0)
			continue;
		for (size_t k = 0; k < record->n_kills; k++)
			logged += kill_in(&record->kills[k], unit);
		if (logged <= counted && (counted == 0) == (logged == 0))
			continue;
		/* a storm's lines lack task_memcg: they are owned by a workload all the same */
		if (logged < counted && record->n_kills >= (size_t)(counted > 1 ? counted / 2 : 1))
			continue;
		if (dispute_kills(record, "memory.events", counted, "kmsg", logged) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A process that the log calls killed must have died of SIGKILL. */
static int check_log_against_wait(struct oom_attempt *record)
{
	char text[200];

	for (size_t i = 0; i < record->n_kills; i++) {
		for (size_t w = 0; w < record->n_workloads; w++) {
			const struct oom_workload_rec *rec = &record->workloads[w];

			if (rec->pid != record->kills[i].victim.pid || rec->end == OOM_END_STUCK ||
				rec->signal == 9)
				continue;
			snprintf(text, sizeof(text), "the kernel log says '%s' was killed, its wait status says %s",
				rec->name, oom_end_name(rec->end));
			if (disagree(record, text) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

int oom_crosscheck(struct oom_attempt *record)
{
	int r = check_log_against_trace(record);

	if (r >= 0)
		r = check_log_against_counters(record);
	if (r >= 0)
		r = check_log_against_wait(record);
	return r;
}
