// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/nearest.h"
#include "lib/scenario/internal.h"

#include <string.h>

static struct oom_setting *raw_setting(const struct oom_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (!strcmp(section->settings[i].name, name))
			return &section->settings[i];
	return NULL;
}

static const struct oom_kind *kind_find(const struct oom_kind *const *kinds, const char *name)
{
	for (; kinds && *kinds; kinds++)
		if (!strcmp((*kinds)->name, name))
			return *kinds;
	return NULL;
}

/* The nearest name; *ret_sure: no other one is as near. */
static const char *kind_nearest(struct oom_arena *arena, const struct oom_kind *const *kinds,
	const char *name, bool *ret_sure)
{
	size_t count = 0;
	const char **names;

	while (kinds && kinds[count])
		count++;
	names = oom_arena_alloc(arena, (count + 1) * sizeof(*names));
	for (size_t i = 0; names && i < count; i++)
		names[i] = kinds[i]->name;
	*ret_sure = names && oom_nearest_sure(name, names, count);
	return names ? oom_nearest(name, names, count) : NULL;
}

/* The type of a workload or fault: which keys it may have hangs on it. */
static void section_type(struct oom_reader *reader, struct oom_section *section)
{
	bool is_fault = section->kind == OOM_SEC_FAULT;
	const struct oom_kind *const *kinds =
		is_fault ? reader->schema->faults : reader->schema->workloads;
	const struct oom_setting *type = raw_setting(section, "Type");
	const char *nearest, *what = is_fault ? "fault" : "workload";
	bool sure = false;

	if (!type)
		return; /* oom_reader_required() tells */
	section->type = kind_find(kinds, type->value.text);
	if (section->type)
		return;
	nearest = kind_nearest(&reader->diags->arena, kinds, type->value.text, &sure);
	section->guess = sure ? kind_find(kinds, nearest) : NULL;
	if (nearest)
		oom_reader_mistake(reader, type->value_place,
			"unknown %s type '%.60s', did you mean '%s'?", what, type->value.text,
			nearest);
	else
		oom_reader_mistake(reader, type->value_place,
			"unknown %s type '%.60s' ('oomgate list %ss' lists them)", what,
			type->value.text, what);
}

/* What an expectation is about; of one that nobody knows, what any might be. */
static void section_about(struct oom_reader *reader, struct oom_section *section)
{
	const struct oom_section *subject;
	const char *nearest;

	if (!*section->name) {
		section->about = OOM_ABOUT_RUN;
		return;
	}
	subject = oom_scenario_subject(reader->scenario, section->name);
	section->about = !subject		    ? OOM_ABOUT_WORKLOAD | OOM_ABOUT_UNIT
		: subject->kind == OOM_SEC_WORKLOAD ? OOM_ABOUT_WORKLOAD
						    : OOM_ABOUT_UNIT;
	if (subject || section->is_refused || oom_reader_lost(reader, section->name))
		return;
	nearest = oom_subject_nearest(reader->scenario, OOM_SUBJECT_KINDS, section->name);
	oom_reader_mistake(reader, section->place,
		"no workload, scope, slice or service is called '%s'%s%s%s", section->name,
		nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static const struct oom_key *setting_key(struct oom_reader *reader,
	const struct oom_section *section, const struct oom_key_set *set,
	const struct oom_setting *setting)
{
	const struct oom_key *key = oom_key_set_find(set, setting->name);

	if (!key) {
		oom_key_refuse(reader, section, set, setting->name, setting->place);
		return NULL;
	}
	if (section->kind == OOM_SEC_SYSCTL && !oom_is_sysctl(setting->name)) {
		if (oom_key_belongs_elsewhere(reader, section, setting->name, setting->place))
			return NULL;
		oom_reader_mistake(reader, setting->place,
			"'%.60s' is not a sysctl (vm.overcommit_memory)", setting->name);
		return NULL;
	}
	if (section->kind == OOM_SEC_SYSCTL && !*setting->value.text) {
		oom_reader_mistake(
			reader, setting->value_place, "'%s=': the value is empty", setting->name);
		return NULL;
	}
	return key;
}

/* The same key once more, unless it may stand there several times. */
static bool is_repeated(struct oom_reader *reader, const struct oom_section *section, size_t i)
{
	const struct oom_setting *setting = &section->settings[i];

	for (size_t j = 0; j < i; j++) {
		const struct oom_setting *other = &section->settings[j];

		if (!strcmp(other->name, setting->name)) {
			oom_reader_mistake(reader, setting->place,
				"'%s=' is already set on line %u", setting->name,
				other->place.line);
			return true;
		}
	}
	return false;
}

/* "200M # at most": what stands behind a value belongs to it (systemd.syntax(7)). */
static bool has_comment(const struct oom_key *key, const char *text)
{
	if (key->type == OOM_T_STRING || key->type == OOM_T_WORDS || key->type == OOM_T_COMMAND ||
		key->type == OOM_T_EXEC)
		return false; /* there it is a word like others */
	return strstr(text, " #") || strstr(text, "\t#") || strstr(text, " ;") ||
		strstr(text, "\t;");
}

static void section_settings(struct oom_reader *reader, struct oom_section *section)
{
	struct oom_key_set set;

	oom_key_set_of(reader, section, &set);
	for (size_t i = 0; i < section->n_settings && !reader->no_memory; i++) {
		struct oom_setting *setting = &section->settings[i];
		const struct oom_key *key = setting_key(reader, section, &set, setting);
		struct oom_err err = {0};
		int r;

		if (!key || (!(key->flags & OOM_KEY_REPEATS) && is_repeated(reader, section, i)))
			continue;
		r = oom_value_parse(
			&reader->scenario->arena, key, setting->value.text, &err, &setting->value);
		if (r < 0)
			oom_reader_mistake(reader, oom_setting_place(setting, err.at),
				"'%s=': %s%s", setting->name, err.msg,
				has_comment(key, setting->value.text)
					? "; a comment needs a line of its own"
					: "");
		else
			setting->key = key;
	}
}

void oom_reader_types(struct oom_reader *reader)
{
	struct oom_scenario *scenario = reader->scenario;

	for (size_t i = 0; i < scenario->n_sections; i++) {
		struct oom_section *section = &scenario->sections[i];

		if (section->kind == OOM_SEC_WORKLOAD || section->kind == OOM_SEC_FAULT)
			section_type(reader, section);
		if (section->kind == OOM_SEC_EXPECT)
			section_about(reader, section);
		section_settings(reader, section);
		if (section->kind == OOM_SEC_FILE)
			oom_reader_content(reader, section);
	}
}

void oom_reader_required(struct oom_reader *reader)
{
	const struct oom_scenario *scenario = reader->scenario;

	for (size_t i = 0; i < scenario->n_sections; i++) {
		const struct oom_section *section = &scenario->sections[i];
		char title[OOM_SECTION_TITLE_MAX];
		const struct oom_key *key;
		struct oom_key_set set;

		oom_key_set_of(reader, section, &set);
		if (section->is_refused)
			continue; /* what it lacks may be where it belongs */
		if (section->guess)
			set.tables[0] = NULL;
		for (size_t k = 0; (key = oom_key_set_at(&set, k)); k++)
			if (key->flags & OOM_KEY_REQUIRED && !raw_setting(section, key->name) &&
				!oom_key_is_mistyped(reader, section, key->name))
				oom_reader_mistake(reader, section->place, "%s needs '%s=' (%s)",
					oom_section_title(section, title), key->name, key->help);
	}
}

/* The section that is always there, so that its defaults can be asked for. */
static void section_ensure(struct oom_reader *reader, enum oom_section_kind kind)
{
	struct oom_scenario *scenario = reader->scenario;
	struct oom_section *sections;

	if (oom_scenario_section(scenario, kind, NULL))
		return;
	sections = oom_arena_grow(
		&scenario->arena, scenario->sections, scenario->n_sections, sizeof(*sections));
	if (!sections)
		return;
	scenario->sections = sections;
	sections[scenario->n_sections++] =
		(struct oom_section){.kind = kind, .name = "", .place = {1, 1}};
}

static void default_add(struct oom_reader *reader, struct oom_section *section,
	const struct oom_key *key, const char *text)
{
	struct oom_setting *setting;
	struct oom_value value;
	struct oom_err err;

	if (oom_value_parse(&reader->scenario->arena, key, text, &err, &value) < 0) {
		oom_reader_mistake(reader, section->place, "the default of '%s=' is wrong: %s",
			key->name, err.msg);
		return;
	}
	setting = oom_section_append(reader, section);
	if (setting)
		*setting = (struct oom_setting){.key = key,
			.name = key->name,
			.value = value,
			.place = section->place,
			.value_place = section->place,
			.is_default = true};
}

static void section_defaults(struct oom_reader *reader, struct oom_section *section)
{
	const struct oom_key *key;
	struct oom_key_set set;

	oom_key_set_of(reader, section, &set);
	for (size_t k = 0; (key = oom_key_set_at(&set, k)); k++)
		if (key->dflt && !raw_setting(section, key->name))
			default_add(reader, section, key, key->dflt);
	if (section->kind == OOM_SEC_WORKLOAD && !raw_setting(section, "Scope") &&
		oom_scenario_count(reader->scenario, OOM_SEC_SCOPE) == 1) {
		key = oom_key_set_find(&set, "Scope");
		if (key)
			default_add(reader, section, key,
				oom_scenario_section(reader->scenario, OOM_SEC_SCOPE, NULL)->name);
	}
}

void oom_reader_defaults(struct oom_reader *reader)
{
	section_ensure(reader, OOM_SEC_SCENARIO);
	section_ensure(reader, OOM_SEC_MACHINE);
	for (size_t i = 0; i < reader->scenario->n_sections; i++)
		section_defaults(reader, &reader->scenario->sections[i]);
}
