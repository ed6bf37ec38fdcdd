// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/precondition.h"

#include "lib/base/format.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Why something did not come, and what that makes of the attempt. */
struct why {
	enum oom_verdict verdict;
	const char *sentence;
};

struct judge {
	const struct oom_scenario *scenario;
	struct oom_attempt *attempt;
	uint64_t machine_bytes;
};

#define SAY(j, ...) oom_arena_printf(&(j)->attempt->arena, __VA_ARGS__)

static enum oom_verdict first_of(enum oom_verdict a, enum oom_verdict b)
{
	static const int rank[OOM_VERDICT_COUNT_] = {
		[OOM_FAIL] = 3, [OOM_BROKEN] = 2, [OOM_INCONCLUSIVE] = 1};

	return rank[a] >= rank[b] ? a : b;
}

/* Who is gone for a kill that the kernel or a daemon chose it for is a finding, and no slip of the set-up. */
static enum oom_verdict verdict_of_end(const struct oom_workload_rec *w)
{
	switch (w->killed_by) {
	case OOM_KILLER_NOBODY:
	case OOM_KILLER_SIGNAL:
		return OOM_BROKEN;
	case OOM_KILLER_UNKNOWN:
		return w->end == OOM_END_SIGNALLED || w->kills > 0 ? OOM_INCONCLUSIVE : OOM_BROKEN;
	default:
		return OOM_FAIL;
	}
}

static const char *fate(const struct judge *j, const struct oom_workload_rec *w)
{
	char buf[256];

	return SAY(j, "%s", oom_workload_fate(j->attempt, w, buf, sizeof(buf)));
}

static bool was_killed(const struct oom_workload_rec *w)
{
	return w->end == OOM_END_SIGNALLED || w->kills > 0;
}

static uint64_t threshold_bytes(
	const struct judge *j, const struct oom_workload_rec *w, const struct oom_value *value)
{
	const struct oom_unit_rec *unit = w->scope ? oom_attempt_unit(j->attempt, w->scope) : NULL;

	return oom_size_bytes(&value->when.size,
		unit && unit->memory_max_bytes > 0 ? (uint64_t)unit->memory_max_bytes
						   : j->machine_bytes);
}

/* It did happen, but when the run was over already. */
static bool happened(
	const struct judge *j, const struct oom_workload_rec *w, const struct oom_value *value)
{
	switch (value->when.event) {
	case OOM_WHEN_REACHED:
		return w->reached_bytes >= 0 &&
			(uint64_t)w->reached_bytes >= threshold_bytes(j, w, value);
	case OOM_WHEN_KILLED:
		return was_killed(w);
	case OOM_WHEN_ENDED:
		return w->end == OOM_END_EXITED || w->end == OOM_END_SIGNALLED;
	default:
		return w->start_us >= 0;
	}
}

static const char *event_words(
	const struct judge *j, const struct oom_workload_rec *w, const struct oom_value *value)
{
	char reached[24], wanted[24];

	if (happened(j, w, value))
		return SAY(j, "'%s' %s only when the run was over", w->name,
			value->when.event == OOM_WHEN_REACHED		? "reached so much"
				: value->when.event == OOM_WHEN_KILLED	? "was killed"
				: value->when.event == OOM_WHEN_STARTED ? "was started"
									: "ended");
	switch (value->when.event) {
	case OOM_WHEN_REACHED:
		return SAY(j, "'%s' reached %s and not %s (%s)", w->name,
			oom_format_size(
				w->reached_bytes > 0 ? (uint64_t)w->reached_bytes : 0, reached),
			oom_format_size(threshold_bytes(j, w, value), wanted), fate(j, w));
	case OOM_WHEN_KILLED:
		return SAY(j, "'%s' was not killed (%s)", w->name, fate(j, w));
	case OOM_WHEN_ENDED:
		return SAY(j, "'%s' had not ended (%s)", w->name, fate(j, w));
	default:
		return SAY(j, "'%s' was not started", w->name);
	}
}

static const struct oom_value *event_of(const struct oom_section *section, const char *key)
{
	const struct oom_setting *setting = section ? oom_section_get(section, key) : NULL;

	return setting && setting->value.type == OOM_T_WHEN &&
			setting->value.when.event != OOM_WHEN_DELAY
		? &setting->value
		: NULL;
}

/* Why the event did not come; of a workload that waited in vain itself, why that was. */
static struct why why_no_event(const struct judge *j, const struct oom_value *value)
{
	struct why why = {OOM_BROKEN, "the run was over before"};

	/* the reader refuses workloads that wait for each other; this bounds a file made by hand */
	for (size_t depth = 0; value && depth <= j->attempt->n_workloads; depth++) {
		const struct oom_workload_rec *w =
			oom_attempt_workload(j->attempt, value->when.subject);

		if (!w) {
			why.sentence =
				SAY(j, "the record has nothing about '%s'", value->when.subject);
			return why;
		}
		why.sentence = depth ? SAY(j, "%s: %s", why.sentence, event_words(j, w, value))
				     : event_words(j, w, value);
		why.verdict = happened(j, w, value) ? OOM_BROKEN : verdict_of_end(w);
		if (w->end != OOM_END_NOT_STARTED)
			return why;
		value = event_of(
			oom_scenario_section(j->scenario, OOM_SEC_WORKLOAD, w->name), "Start");
	}
	return why;
}

/* It was to be started, or met by a fault, and had ended. */
static struct why why_gone(const struct judge *j, const struct oom_workload_rec *w)
{
	return (struct why){verdict_of_end(w), SAY(j, "'%s' %s", w->name, fate(j, w))};
}

/* ESRCH: whom the fault was for, a workload or all of a scope. */
static struct why why_no_process(const struct judge *j, const struct oom_section *section)
{
	const char *name = oom_section_text(section, "Workload", NULL);
	const char *scope = oom_section_text(section, "Scope", NULL);
	const struct oom_workload_rec *w = name ? oom_attempt_workload(j->attempt, name) : NULL;
	struct why why = {
		OOM_BROKEN, scope ? SAY(j, "scope '%s' was empty", scope) : "the scope was empty"};

	if (w)
		return why_gone(j, w);
	for (size_t i = 0; i < j->attempt->n_workloads; i++) {
		w = &j->attempt->workloads[i];
		if (!w->scope || (scope && strcmp(w->scope, scope)))
			continue;
		why.verdict = first_of(why.verdict, verdict_of_end(w));
		why.sentence = SAY(j, "%s, '%s' %s", why.sentence, w->name, fate(j, w));
	}
	return why;
}

static const char *errno_words(const struct judge *j, int64_t number)
{
	const char *name = strerrorname_np((int)number);

	return name ? SAY(j, "%s (%s)", name, strerror((int)number))
		    : SAY(j, "error %" PRId64, number);
}

/* Is @number ("none" for 0) among what Errno= takes? */
static bool is_wanted_errno(const struct oom_section *section, int64_t number)
{
	const char *name = number ? strerrorname_np((int)number) : "none";
	const char *const *items;
	size_t count;

	items = oom_section_words(section, "Errno", &count);
	if (!count)
		return !number;
	for (size_t i = 0; name && i < count; i++)
		if (!strcmp(items[i], name))
			return true;
	return false;
}

static const struct oom_fault_rec *fault_named(const struct oom_attempt *attempt, const char *name)
{
	for (size_t i = 0; i < attempt->n_faults; i++)
		if (attempt->faults[i].name && !strcmp(attempt->faults[i].name, name))
			return &attempt->faults[i];
	return NULL;
}

/* What the kernel answered to a fault that fired; .sentence NULL: as it should be. */
static struct why why_refused(const struct judge *j, const struct oom_precondition_rec *p)
{
	const struct oom_section *section =
		oom_scenario_section(j->scenario, OOM_SEC_FAULT, p->subject);
	const struct oom_fault_rec *fault = fault_named(j->attempt, p->subject);
	struct why why = {OOM_BROKEN, NULL};
	const char *head = SAY(j, "fault '%s'", p->subject);

	if (!fault) {
		why.sentence = SAY(j, "the record has nothing about fault '%s'", p->subject);
	} else if (fault->under_way) {
		why.sentence = SAY(j, "%s was still under way when the run was over", head);
	} else if (is_wanted_errno(section, fault->errno_value)) {
		why.verdict = OOM_PASS;
	} else if (!fault->errno_value) {
		why.sentence = SAY(j, "%s was done, and not refused with %s", head,
			oom_section_text(section, "Errno", "?"));
	} else if (fault->errno_value == ESRCH) {
		why = why_no_process(j, section);
		why.sentence = SAY(j, "%s met no process: %s", head, why.sentence);
	} else if (fault->errno_value == ENODEV &&
		!strcmp(oom_section_text(section, "Outcome", ""), "refused")) {
		why.sentence = SAY(j, "%s was done, and not refused", head);
	} else {
		why.sentence =
			SAY(j, "%s was refused: %s", head, errno_words(j, fault->errno_value));
	}
	return why;
}

static struct why why_unmet(
	const struct judge *j, const struct oom_precondition_rec *p, const struct oom_value *event)
{
	const struct oom_workload_rec *w = oom_attempt_workload(j->attempt, p->subject);
	bool is_start = !strcmp(p->key, "Start");
	struct why why;

	if (is_start && w && (w->end == OOM_END_SIGNALLED || w->end == OOM_END_EXITED)) {
		why = why_gone(j, w);
		why.sentence = SAY(j, "%s before it was started", why.sentence);
		return why;
	}
	if (event)
		why = why_no_event(j, event);
	else
		why = (struct why){
			OOM_BROKEN, SAY(j, "the run was over before its time, %s", p->wanted)};
	if (is_start)
		why.sentence = SAY(j, "'%s' was not started: %s", p->subject, why.sentence);
	else if (*p->subject)
		why.sentence = SAY(j, "fault '%s' never fired: %s", p->subject, why.sentence);
	else
		why.sentence = SAY(j, "%s=%s never came: %s", p->key, p->wanted, why.sentence);
	return why;
}

/* Started=no of the workload: that its event does not come is what is asked. */
static bool absence_is_expected(const struct judge *j, const struct oom_precondition_rec *p)
{
	const struct oom_section *expect =
		oom_scenario_section(j->scenario, OOM_SEC_EXPECT, p->subject);

	return *p->subject && expect && !oom_section_bool(expect, "Started", true);
}

static void judge_one(const struct judge *j, struct oom_precondition_rec *p)
{
	bool is_start = !strcmp(p->key, "Start");
	enum oom_section_kind kind = is_start ? OOM_SEC_WORKLOAD
		: *p->subject		      ? OOM_SEC_FAULT
					      : OOM_SEC_SCENARIO;
	const struct oom_section *section =
		oom_scenario_section(j->scenario, kind, *p->subject ? p->subject : NULL);
	const struct oom_workload_rec *w =
		is_start ? oom_attempt_workload(j->attempt, p->subject) : NULL;
	struct why why = {OOM_PASS, NULL};

	if (is_start ? !w || w->start_us < 0 : p->came_us < 0)
		why = why_unmet(j, p, event_of(section, p->key));
	else if (kind == OOM_SEC_FAULT)
		why = why_refused(j, p);
	p->reason = why.sentence;
	p->verdict =
		p->optional || (is_start && absence_is_expected(j, p)) ? OOM_PASS : why.verdict;
}

int oom_preconditions_judge(
	const struct oom_scenario *scenario, uint64_t machine_bytes, struct oom_attempt *attempt)
{
	const struct judge j = {scenario, attempt, machine_bytes};

	for (size_t i = 0; i < attempt->n_preconditions; i++)
		judge_one(&j, &attempt->preconditions[i]);
	return attempt->arena.failed ? -ENOMEM : 0;
}

enum oom_verdict oom_preconditions_verdict(
	const struct oom_attempt *attempt, const char **ret_reason)
{
	enum oom_verdict verdict = OOM_PASS;

	for (size_t i = 0; i < attempt->n_preconditions; i++)
		verdict = first_of(attempt->preconditions[i].verdict, verdict);
	for (size_t i = attempt->n_preconditions; i-- > 0 && verdict != OOM_PASS;)
		if (attempt->preconditions[i].verdict == verdict)
			*ret_reason = attempt->preconditions[i].reason;
	return verdict;
}

const struct oom_precondition_rec *oom_precondition_of_start(
	const struct oom_attempt *attempt, const char *workload)
{
	for (size_t i = 0; i < attempt->n_preconditions; i++) {
		const struct oom_precondition_rec *p = &attempt->preconditions[i];

		if (!strcmp(p->subject, workload) && !strcmp(p->key, "Start"))
			return p;
	}
	return NULL;
}
