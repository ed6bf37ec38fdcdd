// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/fit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct fitting {
	const struct oom_scenario *scenario;
	const struct oom_fit *fit;
	struct oom_attempt *record;
	struct oom_err *err;
};

enum {
	SIGNALS = 64,
	EXIT_CODES = 256,
	PIDS = 1 << 22, /* PID_MAX_LIMIT (include/linux/threads.h) */
};

#define WRONG(f, ...) oom_err_set((f)->err, EBADMSG, __VA_ARGS__)

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Whose number is not observed (-1), or from 0 to @most */
static bool is_number(int64_t number, uint64_t most)
{
	return number == -1 || (number >= 0 && (uint64_t)number <= most);
}

/* A guest's clock is an emulated one, and may be a little fast. */
static bool is_time(const struct fitting *f, int64_t us)
{
	return is_number(us, 2 * f->fit->run_us + 10000000);
}

/* ---- workloads ---------------------------------------------------------------------------------- */

static bool end_is_whole(const struct oom_workload_rec *w)
{
	switch (w->end) {
	case OOM_END_EXITED:
		return !w->signal && w->exit_code >= 0 && w->exit_code < EXIT_CODES;
	case OOM_END_SIGNALLED:
		return w->signal > 0 && w->signal <= SIGNALS && w->exit_code == 128 + w->signal;
	case OOM_END_NOT_STARTED:
	case OOM_END_SURVIVED:
	case OOM_END_STUCK:
		return is_number(w->signal, SIGNALS) && is_number(w->exit_code, EXIT_CODES);
	default:
		return false;
	}
}

/* The only one where none is named (units of other kinds are always named) */
static bool scope_is_right(
	const struct fitting *f, const struct oom_section *section, const char *scope)
{
	const char *named = oom_section_text(section, "Scope", NULL);

	if (named || !scope)
		return same(named, scope);
	return oom_scenario_section(f->scenario, OOM_SEC_SCOPE, scope) ||
		oom_scenario_section(f->scenario, OOM_SEC_SERVICE, scope) ||
		oom_scenario_section(f->scenario, OOM_SEC_SLICE, scope);
}

static int fit_workload(const struct fitting *f, struct oom_workload_rec *w)
{
	const struct oom_section *section =
		oom_scenario_section(f->scenario, OOM_SEC_WORKLOAD, w->name);

	if (!section)
		return WRONG(f, "the scenario has no workload '%s'", w->name);
	if (oom_attempt_workload(f->record, w->name) != w)
		return WRONG(f, "workload '%s' is there twice", w->name);
	if (!section->type || !same(w->type, section->type->name))
		return WRONG(f, "workload '%s' is of another type", w->name);
	if (!scope_is_right(f, section, w->scope))
		return WRONG(f, "workload '%s' is in another scope", w->name);
	if (!end_is_whole(w))
		return WRONG(f, "the end of workload '%s' contradicts itself", w->name);
	if (!is_number(w->pid, PIDS) || !is_number(w->reached_bytes, INT64_MAX) ||
		!is_number(w->errno_value, 4095) || !is_number(w->ops, INT64_MAX) ||
		!is_number(w->kills, f->record->n_kills + f->record->n_signals) ||
		!is_time(f, w->start_us) || !is_time(f, w->end_us) ||
		!is_number(w->latency_p99_us, INT64_MAX))
		return WRONG(f, "workload '%s' has a number that cannot be", w->name);
	w->line = section->place.line;
	return 0;
}

static int fit_workloads(const struct fitting *f)
{
	const struct oom_section *section = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < f->record->n_workloads; i++)
		r = fit_workload(f, &f->record->workloads[i]);
	while (!r && !f->record->hindrance &&
		(section = oom_scenario_next(f->scenario, OOM_SEC_WORKLOAD, section)))
		if (!oom_attempt_workload(f->record, section->name))
			r = WRONG(f, "workload '%s' is missing", section->name);
	return r;
}

/* ---- units -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum oom_section_kind kind;
} unit_kinds[] = {{"slice", OOM_SEC_SLICE}, {"scope", OOM_SEC_SCOPE}, {"service", OOM_SEC_SERVICE}};

enum { UNIT_KINDS = sizeof(unit_kinds) / sizeof(*unit_kinds) };

static bool counters_are_whole(const struct oom_counter *counters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!counters[i].name || counters[i].value < -1)
			return false;
	return true;
}

static int fit_unit(const struct fitting *f, const struct oom_unit_rec *u)
{
	const struct oom_section *section = NULL;

	for (int i = 0; !section && i < UNIT_KINDS; i++)
		if (same(u->kind, unit_kinds[i].name))
			section = oom_scenario_section(f->scenario, unit_kinds[i].kind, u->name);
	if (!section)
		return WRONG(f, "the scenario has no %s '%s'", u->kind ? u->kind : "unit", u->name);
	if (oom_attempt_unit(f->record, u->name) != u)
		return WRONG(f, "unit '%s' is there twice", u->name);
	if (!is_number(u->memory_max_bytes, INT64_MAX) || !is_time(f, u->pressure_full_us) ||
		!is_number(u->memory_peak_bytes, f->fit->memory_bytes) ||
		!counters_are_whole(u->events, u->n_events) ||
		!counters_are_whole(u->events_local, u->n_events_local) ||
		!counters_are_whole(u->events_parent, u->n_events_parent) ||
		!counters_are_whole(u->pids_events, u->n_pids_events))
		return WRONG(f, "unit '%s' has a number that cannot be", u->name);
	return 0;
}

static int fit_units(const struct fitting *f)
{
	int r = 0;

	for (size_t i = 0; !r && i < f->record->n_units; i++)
		r = fit_unit(f, &f->record->units[i]);
	for (int i = 0; i < UNIT_KINDS && !f->record->hindrance; i++) {
		const struct oom_section *section = NULL;

		while (!r &&
			(section = oom_scenario_next(f->scenario, unit_kinds[i].kind, section)))
			if (!oom_attempt_unit(f->record, section->name))
				r = WRONG(
					f, "%s '%s' is missing", unit_kinds[i].name, section->name);
	}
	return r;
}

/* ---- faults, and what the scenario relies on ---------------------------------------------------------- */

static const struct oom_setting *trigger_of(const struct oom_section *fault)
{
	const struct oom_setting *when = oom_section_get(fault, "When");

	return when ? when : oom_section_get(fault, "At");
}

static int fit_fault(const struct fitting *f, size_t i)
{
	struct oom_fault_rec *fault = &f->record->faults[i];
	const struct oom_section *section =
		fault->name ? oom_scenario_section(f->scenario, OOM_SEC_FAULT, fault->name) : NULL;
	const struct oom_setting *trigger = section ? trigger_of(section) : NULL;

	if (!section)
		return WRONG(f, "the scenario has no fault '%s'", fault->name ? fault->name : "");
	for (size_t j = 0; j < i; j++)
		if (same(f->record->faults[j].name, fault->name))
			return WRONG(f, "fault '%s' is there twice", fault->name);
	if (!section->type || !same(fault->type, section->type->name) || !trigger ||
		!same(fault->trigger, trigger->value.text))
		return WRONG(f, "fault '%s' is another one", fault->name);
	if (!is_time(f, fault->fired_us) || !is_number(fault->errno_value, 4095))
		return WRONG(f, "fault '%s' has a number that cannot be", fault->name);
	fault->line = section->place.line;
	return 0;
}

static struct oom_precondition_rec *precondition(
	const struct fitting *f, const char *subject, const struct oom_setting *setting)
{
	struct oom_precondition_rec *found = NULL;

	for (size_t i = 0; i < f->record->n_preconditions; i++) {
		struct oom_precondition_rec *p = &f->record->preconditions[i];

		if (!same(p->subject, subject) || !same(p->key, setting->name) ||
			!same(p->wanted, setting->value.text))
			continue;
		if (found)
			return NULL;
		found = p;
	}
	return found;
}

/* Counts it in @n. */
static int fit_precondition(const struct fitting *f, const char *subject,
	const struct oom_setting *setting, bool optional, size_t *n)
{
	struct oom_precondition_rec *p = precondition(f, subject, setting);

	++*n;
	if (!p)
		return WRONG(f, "it does not tell once whether '%s=%s'%s%s came", setting->name,
			setting->value.text, *subject ? " of " : "", subject);
	if (!is_time(f, p->came_us))
		return WRONG(
			f, "'%s=%s' came when it cannot have", setting->name, setting->value.text);
	p->optional = optional;
	p->line = setting->place.line;
	return 0;
}

static bool is_waited_for(const struct oom_setting *start)
{
	return start && (start->value.when.event != OOM_WHEN_DELAY || start->value.when.usec);
}

/* All that there must be, and nothing else. */
static int fit_preconditions(const struct fitting *f)
{
	const struct oom_section *run = oom_scenario_section(f->scenario, OOM_SEC_SCENARIO, NULL),
				 *s = NULL;
	const struct oom_setting *until = run ? oom_section_get(run, "Until") : NULL;
	size_t n = 0;
	int r = 0;

	if (!f->record->n_preconditions && f->record->hindrance)
		return 0;
	while (!r && (s = oom_scenario_next(f->scenario, OOM_SEC_WORKLOAD, s)))
		if (is_waited_for(oom_section_get(s, "Start")))
			r = fit_precondition(f, s->name, oom_section_get(s, "Start"),
				oom_section_bool(s, "StartOptional", false), &n);
	while (!r && (s = oom_scenario_next(f->scenario, OOM_SEC_FAULT, s)))
		r = fit_precondition(
			f, s->name, trigger_of(s), oom_section_bool(s, "Optional", false), &n);
	if (!r && until)
		r = fit_precondition(
			f, "", until, oom_section_bool(run, "UntilOptional", false), &n);
	if (!r && n != f->record->n_preconditions)
		r = WRONG(f, "it relies on what the scenario does not");
	return r;
}

static int fit_faults(const struct fitting *f)
{
	int r = 0;

	for (size_t i = 0; !r && i < f->record->n_faults; i++)
		r = fit_fault(f, i);
	if (!r && !f->record->hindrance &&
		f->record->n_faults != oom_scenario_count(f->scenario, OOM_SEC_FAULT))
		r = WRONG(f, "a fault is missing");
	return r ? r : fit_preconditions(f);
}

/* ---- the run ------------------------------------------------------------------------------------ */

static size_t count_pids(const struct oom_attempt *record)
{
	size_t n = 0;

	for (size_t i = 0; i < record->n_kills; i++) {
		size_t j = 0;

		while (j < i && record->kills[j].victim.pid != record->kills[i].victim.pid)
			j++;
		n += j == i;
	}
	return n;
}

static int fit_kills(const struct fitting *f)
{
	const struct oom_attempt *record = f->record;

	for (size_t i = 0; i < record->n_kills; i++) {
		const struct oom_kill *kill = &record->kills[i];

		if (kill->victim.pid < 1 || kill->victim.pid > PIDS)
			return WRONG(f, "kill %zu has no victim", i + 1);
		if (kill->workload &&
			!oom_scenario_section(f->scenario, OOM_SEC_WORKLOAD, kill->workload))
			return WRONG(f, "kill %zu is of workload '%s', which the scenario has not",
				i + 1, kill->workload);
	}
	if (record->oom_kills != -1 &&
		(record->oom_kills < (int64_t)count_pids(record) ||
			record->oom_kills > (int64_t)record->n_kills))
		return WRONG(f, "it counts %" PRId64 " kills, and tells of %zu", record->oom_kills,
			record->n_kills);
	return 0;
}

static int fit_sources(const struct fitting *f)
{
	for (size_t i = 0; i < f->record->n_sources; i++) {
		const struct oom_source_rec *source = &f->record->sources[i];

		if (!source->name || oom_attempt_source(f->record, source->name) != source)
			return WRONG(f, "a source has no name, or that of another one");
		if (source->state == OOM_SOURCE_OK && source->lost > 0)
			return WRONG(f, "source '%s' lost records, and is whole", source->name);
	}
	return 0;
}

static int set_what_the_file_says(const struct fitting *f)
{
	const struct oom_section *section =
		oom_scenario_section(f->scenario, OOM_SEC_SCENARIO, NULL);
	const struct oom_setting *tags = section ? oom_section_get(section, "Tags") : NULL;
	struct oom_attempt *record = f->record;

	record->tags = NULL;
	record->n_tags = 0;
	for (size_t i = 0; tags && i < tags->value.list.count; i++)
		if (oom_attempt_add_text(
			    record, &record->tags, &record->n_tags, tags->value.list.items[i]))
			return -ENOMEM;
	if (!section || !oom_section_get(section, "KnownOn"))
		record->known_on = -1;
	record->title = oom_arena_strdup(&record->arena, f->scenario->title);
	return record->arena.failed ? -ENOMEM : 0;
}

int oom_record_fit(const struct oom_scenario *scenario, const struct oom_fit *fit,
	struct oom_attempt *record, struct oom_err *err)
{
	const struct fitting f = {scenario, fit, record, err};
	int r;

	if (record->hindrance_skips && !record->hindrance)
		return WRONG(&f, "it was skipped, and does not say why");
	if (record->hindrance_skips && (record->n_workloads || record->n_kills || record->n_faults))
		return WRONG(&f, "it was skipped, and tells of what happened");
	if (!is_number(record->memory_bytes, fit->memory_bytes) || record->memory_bytes < 1 ||
		!is_time(&f, record->setup_us) || !is_time(&f, record->duration_us))
		return WRONG(&f, "it has a size or a time that cannot be");
	r = fit_workloads(&f);
	if (!r)
		r = fit_units(&f);
	if (!r)
		r = fit_faults(&f);
	if (!r)
		r = fit_kills(&f);
	if (!r)
		r = fit_sources(&f);
	return r ? r : set_what_the_file_says(&f);
}
