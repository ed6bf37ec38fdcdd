// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands in a file and could have no effect: limits of nobody, events that the run does not live to see. */
#include "lib/base/format.h"
#include "lib/scenario/internal.h"
#include "lib/scenario/value_internal.h"

#include <string.h>

enum { DEFAULT_TIMEOUT_US = 60000000 };

/* What stands in the file and was read without a mistake. */
static const struct oom_setting *said(const struct oom_section *section, const char *name)
{
	const struct oom_setting *setting = oom_section_get(section, name);

	return setting && setting->key && !setting->is_default ? setting : NULL;
}

/* A program, or a daemon's configuration, may know it by its name. */
static bool is_mentioned(const struct oom_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (section->settings[i].value.text &&
			strstr(section->settings[i].value.text, name))
			return true;
	return false;
}

/* Something is in it, or is said of it; a slip in a name is told elsewhere, and may have meant it. */
static bool is_used(const struct oom_reader *reader, const struct oom_section *unit)
{
	const struct oom_scenario *scenario = reader->scenario;
	bool only = oom_scenario_count(scenario, OOM_SEC_SCOPE) == 1;

	for (size_t i = 0; i < scenario->n_sections; i++) {
		const struct oom_section *s = &scenario->sections[i];
		const struct oom_setting *in =
			oom_section_get(s, unit->kind == OOM_SEC_SLICE ? "Slice" : "Scope");

		if (s == unit)
			continue;
		if (s->kind == OOM_SEC_EXPECT ? !strcmp(s->name, unit->name)
					      : is_mentioned(s, unit->name))
			return true;
		if (s->kind == OOM_SEC_WORKLOAD && unit->kind == OOM_SEC_SCOPE && only && !in)
			return true;
		if (in && !oom_scenario_subject(scenario, in->value.text))
			return true;
	}
	return false;
}

static void check_unit(struct oom_reader *reader, const struct oom_section *unit)
{
	bool is_slice = unit->kind == OOM_SEC_SLICE;
	char title[OOM_SECTION_TITLE_MAX];
	size_t limits = 0;

	for (size_t i = 0; i < unit->n_settings; i++)
		limits += unit->settings[i].key && strcmp(unit->settings[i].name, "Slice") != 0;
	if (!limits || unit->is_refused || is_used(reader, unit))
		return;
	oom_reader_mistake(reader, unit->place,
		"%s has no effect: nothing is in it ('%s=%.60s' in a %s section puts something "
		"there)",
		oom_section_title(unit, title), is_slice ? "Slice" : "Scope", unit->name,
		is_slice ? "[Scope]" : "[Workload]");
}

static void check_optional(struct oom_reader *reader, const struct oom_section *section,
	const char *optional, const char *event)
{
	const struct oom_setting *setting = said(section, optional);

	if (setting && !oom_section_get(section, event) &&
		!oom_key_is_mistyped(reader, section, event))
		oom_reader_mistake(reader, setting->place, "'%s=' has no effect without '%s='",
			optional, event);
}

/* A common key that the type does not heed. */
static void check_ignored(struct oom_reader *reader, const struct oom_section *section)
{
	const char *ignores = section->type ? section->type->ignores : NULL;

	for (size_t i = 0; ignores && i < section->n_settings; i++) {
		const struct oom_setting *s = &section->settings[i];

		if (s->key && !s->is_default && oom_choices_have(ignores, s->name, strlen(s->name)))
			oom_reader_mistake(reader, s->place,
				"'%s=' has no effect on a workload of type '%s'", s->name,
				section->type->name);
	}
}

/* A time that the run does not live to see. */
static void check_time(struct oom_reader *reader, const struct oom_setting *setting, uint64_t usec)
{
	const struct oom_section *scenario =
		oom_scenario_section(reader->scenario, OOM_SEC_SCENARIO, NULL);
	uint64_t timeout_us = oom_section_usec(scenario, "Timeout", DEFAULT_TIMEOUT_US);
	char timeout[24];

	if (usec >= timeout_us)
		oom_reader_mistake(reader, setting->value_place,
			"'%s=%.40s' has no effect: the run is ended after %s ('Timeout=')",
			setting->name, setting->value.text,
			oom_format_duration(timeout_us, timeout));
}

void oom_reader_effect(struct oom_reader *reader)
{
	for (size_t i = 0; i < reader->scenario->n_sections; i++) {
		const struct oom_section *s = &reader->scenario->sections[i];
		const struct oom_setting *at = said(s, "At"), *start = said(s, "Start");

		if ((s->kind == OOM_SEC_SLICE || s->kind == OOM_SEC_SCOPE) && !reader->lost_section)
			check_unit(reader, s);
		if (s->kind == OOM_SEC_SCENARIO)
			check_optional(reader, s, "UntilOptional", "Until");
		if (s->kind == OOM_SEC_WORKLOAD)
			check_optional(reader, s, "StartOptional", "Start");
		check_ignored(reader, s);
		if (s->kind == OOM_SEC_FAULT && at)
			check_time(reader, at, at->value.usec);
		if (s->kind == OOM_SEC_WORKLOAD && start &&
			start->value.when.event == OOM_WHEN_DELAY)
			check_time(reader, start, start->value.when.usec);
	}
}
