// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/scenario.h"

#include <string.h>

const struct oom_section *oom_scenario_section(
	const struct oom_scenario *scenario, enum oom_section_kind kind, const char *name)
{
	for (size_t i = 0; i < scenario->n_sections; i++)
		if (scenario->sections[i].kind == kind &&
			(!name || !strcmp(scenario->sections[i].name, name)))
			return &scenario->sections[i];
	return NULL;
}

const struct oom_section *oom_scenario_next(const struct oom_scenario *scenario,
	enum oom_section_kind kind, const struct oom_section *prev)
{
	for (size_t i = prev ? (size_t)(prev - scenario->sections) + 1 : 0;
		i < scenario->n_sections; i++)
		if (scenario->sections[i].kind == kind)
			return &scenario->sections[i];
	return NULL;
}

size_t oom_scenario_count(const struct oom_scenario *scenario, enum oom_section_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < scenario->n_sections; i++)
		count += scenario->sections[i].kind == kind;
	return count;
}

const struct oom_setting *oom_section_get(const struct oom_section *section, const char *key)
{
	for (size_t i = 0; section && i < section->n_settings; i++)
		if (!strcmp(section->settings[i].name, key))
			return &section->settings[i];
	return NULL;
}

const char *oom_section_text(
	const struct oom_section *section, const char *key, const char *fallback)
{
	const struct oom_setting *setting = oom_section_get(section, key);

	return setting ? setting->value.text : fallback;
}

/* The value when it is there and of @type; a wrong type is a slip of the caller's. */
static const struct oom_value *value_of(
	const struct oom_section *section, const char *key, enum oom_type type)
{
	const struct oom_setting *setting = oom_section_get(section, key);

	return setting && setting->value.type == type ? &setting->value : NULL;
}

bool oom_section_bool(const struct oom_section *section, const char *key, bool fallback)
{
	const struct oom_value *value = value_of(section, key, OOM_T_BOOL);

	return value ? value->boolean : fallback;
}

int64_t oom_section_int(const struct oom_section *section, const char *key, int64_t fallback)
{
	const struct oom_value *value = value_of(section, key, OOM_T_INT);

	return value ? value->integer : fallback;
}

uint64_t oom_section_usec(const struct oom_section *section, const char *key, uint64_t fallback)
{
	const struct oom_value *value = value_of(section, key, OOM_T_DURATION);

	return value ? value->usec : fallback;
}

uint64_t oom_section_size(
	const struct oom_section *section, const char *key, uint64_t whole_bytes, uint64_t fallback)
{
	const struct oom_value *value = value_of(section, key, OOM_T_SIZE);

	return value ? oom_size_bytes(&value->size, whole_bytes) : fallback;
}

const char *const *oom_section_words(
	const struct oom_section *section, const char *key, size_t *ret_count)
{
	const struct oom_setting *setting = oom_section_get(section, key);
	bool is_list = setting &&
		(setting->value.type == OOM_T_WORDS || setting->value.type == OOM_T_ALTERNATIVES);

	*ret_count = is_list ? setting->value.list.count : 0;
	return is_list ? (const char *const *)setting->value.list.items : NULL;
}
