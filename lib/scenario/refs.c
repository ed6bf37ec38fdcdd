// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/nearest.h"
#include "lib/scenario/internal.h"
#include "lib/scenario/value_internal.h"

#include <string.h>

enum { MAX_NAMES = 512 };

const char *oom_subject_nearest(
	const struct oom_scenario *scenario, unsigned kinds, const char *name)
{
	const char *names[MAX_NAMES];
	size_t count = 0;

	for (size_t i = 0; i < scenario->n_sections && count < MAX_NAMES; i++)
		if (kinds & 1U << scenario->sections[i].kind)
			names[count++] = scenario->sections[i].name;
	return oom_nearest(name, names, count);
}

/* Reports a @name that is none of the sections of @kinds (a mask), called @what. */
static void check_name(struct oom_reader *reader, const struct oom_setting *setting, size_t at,
	const char *name, unsigned kinds, const char *what)
{
	const struct oom_section *section = oom_scenario_subject(reader->scenario, name);
	struct oom_place place = oom_setting_place(setting, at);
	const char *nearest;

	if ((section && kinds & 1U << section->kind) || oom_reader_lost(reader, name))
		return;
	nearest = oom_subject_nearest(reader->scenario, kinds, name);
	if (nearest)
		oom_reader_mistake(reader, place, "'%s=': unknown %s '%.60s', did you mean '%s'?",
			setting->name, what, name, nearest);
	else
		oom_reader_mistake(reader, place, "'%s=': no %s '%.60s' in this file",
			setting->name, what, name);
}

/* "hog|leak": each is a workload of the file, or one of the key's own words. */
static void check_workload_names(
	struct oom_reader *reader, const struct oom_setting *setting, size_t at, const char *word)
{
	for (const char *p = word; p;) {
		size_t len = strcspn(p, "|");
		const char *name = oom_arena_strndup(&reader->scenario->arena, p, len);

		if (!len)
			oom_reader_mistake(reader,
				oom_setting_place(setting, at + (size_t)(p - word)),
				"'%s=': '%.60s' has an empty alternative", setting->name, word);
		else if (name && !oom_choices_have(setting->key->choices, name, len))
			check_name(reader, setting, at + (size_t)(p - word), name,
				1U << OOM_SEC_WORKLOAD, "workload");
		p = p[len] ? p + len + 1 : NULL;
	}
}

static void check_workload_ref(struct oom_reader *reader, const struct oom_setting *setting)
{
	const struct oom_value *value = &setting->value;

	switch (value->type) {
	case OOM_T_WHEN:
		if (value->when.subject)
			check_workload_names(reader, setting, 0, value->when.subject);
		break;
	case OOM_T_WORDS:
	case OOM_T_ALTERNATIVES:
		for (size_t i = 0; i < value->list.count; i++)
			check_workload_names(
				reader, setting, value->list.at[i], value->list.items[i]);
		break;
	default:
		check_workload_names(reader, setting, 0, value->text);
		break;
	}
}

/* "batch.slice" is one of the machine's, whatever [Slice batch] says: its limits would have no effect. */
static void check_system_slice(
	struct oom_reader *reader, const struct oom_setting *setting, size_t stem_len)
{
	const char *stem =
		oom_arena_strndup(&reader->scenario->arena, setting->value.text, stem_len);

	if (stem && oom_scenario_section(reader->scenario, OOM_SEC_SLICE, stem))
		oom_reader_mistake(reader, setting->value_place,
			"'%s=': '%.60s' is a slice of the machine and not [Slice %.60s], did you "
			"mean '%.60s'?",
			setting->name, setting->value.text, stem, stem);
}

static void check_scope_ref(struct oom_reader *reader, const struct oom_section *section,
	const struct oom_setting *setting)
{
	static const unsigned slice = 1U << OOM_SEC_SLICE, scope = 1U << OOM_SEC_SCOPE,
			      service = 1U << OOM_SEC_SERVICE;
	const char *name = setting->value.text, *suffix = strrchr(name, '.');

	if (!strcmp(setting->name, "Slice")) {
		/* one of the system's own: system.slice */
		if (!suffix || suffix == name || strcmp(suffix, ".slice") != 0)
			check_name(reader, setting, 0, name, slice, "slice");
		else
			check_system_slice(reader, setting, (size_t)(suffix - name));
	} else if (section->kind == OOM_SEC_WORKLOAD) {
		check_name(reader, setting, 0, name, scope, "scope");
	} else {
		check_name(reader, setting, 0, name, scope | slice | service,
			"scope, slice or service");
	}
}

static void check_settings(struct oom_reader *reader, const struct oom_section *section)
{
	for (size_t i = 0; i < section->n_settings; i++) {
		const struct oom_setting *setting = &section->settings[i];

		if (setting->key && setting->key->flags & OOM_KEY_WORKLOAD)
			check_workload_ref(reader, setting);
		if (setting->key && setting->key->flags & OOM_KEY_SCOPE)
			check_scope_ref(reader, section, setting);
	}
}

/* A workload that could be in any of several scopes. */
static void check_scope_given(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_scenario *scenario = reader->scenario;
	const struct oom_section *scope = NULL, *named[2] = {NULL, NULL};
	char title[OOM_SECTION_TITLE_MAX];
	size_t count = 0;

	while ((scope = oom_scenario_next(scenario, OOM_SEC_SCOPE, scope))) {
		if (scope->is_refused)
			continue;
		if (count < 2)
			named[count] = scope;
		count++;
	}
	if (count > 1 && !oom_section_get(section, "Scope") &&
		!oom_key_is_mistyped(reader, section, "Scope"))
		oom_reader_mistake(reader, section->place,
			"%s needs 'Scope=': there are %zu scopes (%s, %s%s)",
			oom_section_title(section, title), count, named[0]->name, named[1]->name,
			count > 2 ? ", ..." : "");
}

/* The section that @section hangs on: a slice in its Slice=, a workload on its Start=. */
static const struct oom_setting *link_of(const struct oom_section *section)
{
	const struct oom_setting *setting =
		oom_section_get(section, section->kind == OOM_SEC_WORKLOAD ? "Start" : "Slice");

	return setting && setting->key ? setting : NULL;
}

static const struct oom_section *linked(
	const struct oom_scenario *scenario, const struct oom_section *section)
{
	const struct oom_setting *setting = link_of(section);
	const char *name = NULL;

	if (setting && setting->value.type == OOM_T_WHEN)
		name = setting->value.when.subject;
	else if (setting)
		name = setting->value.text;
	return name ? oom_scenario_section(scenario, section->kind, name) : NULL;
}

/* Slices within each other, workloads that wait for each other. Told once, at the first of them. */
static void check_cycle(struct oom_reader *reader, const struct oom_section *section)
{
	const struct oom_scenario *scenario = reader->scenario;
	const struct oom_section *next = linked(scenario, section);
	const struct oom_setting *setting = link_of(section);

	for (size_t steps = 0; next && steps < scenario->n_sections; steps++) {
		if (next == section) {
			oom_reader_mistake(reader, setting->value_place,
				section->kind == OOM_SEC_SLICE
					? "'%s=': slice '%s' would contain itself"
					: "'%s=': workload '%s' would wait for itself forever",
				setting->name, section->name);
			return;
		}
		if (next < section)
			return; /* a cycle through that one is told there */
		next = linked(scenario, next);
	}
}

void oom_reader_refs(struct oom_reader *reader)
{
	const struct oom_scenario *scenario = reader->scenario;

	for (size_t i = 0; i < scenario->n_sections; i++) {
		const struct oom_section *section = &scenario->sections[i];

		check_settings(reader, section);
		if (section->is_refused)
			continue;
		if (section->kind == OOM_SEC_WORKLOAD)
			check_scope_given(reader, section);
		if (section->kind == OOM_SEC_WORKLOAD || section->kind == OOM_SEC_SLICE)
			check_cycle(reader, section);
	}
}
