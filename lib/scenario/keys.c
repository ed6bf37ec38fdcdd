// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/nearest.h"
#include "lib/scenario/internal.h"

#include <string.h>

void oom_key_set_of(
	struct oom_reader *reader, const struct oom_section *section, struct oom_key_set *ret)
{
	const struct oom_schema *schema = reader->schema;
	const struct oom_kind *type = section->type ? section->type : section->guess;
	struct oom_key_set set = {.tables = {oom_section_keys(section->kind)}};

	switch (section->kind) {
	case OOM_SEC_SLICE:
		set.tables[1] = schema->unit_keys;
		break;
	case OOM_SEC_SCOPE:
		set.tables[1] = schema->scope_keys;
		set.tables[2] = schema->unit_keys;
		break;
	case OOM_SEC_SERVICE:
		set.tables[1] = schema->service_keys;
		set.tables[2] = schema->unit_keys;
		break;
	case OOM_SEC_WORKLOAD:
	case OOM_SEC_FAULT:
		/* a type may say something better about a common key: its default, its range */
		set.tables[1] = type ? set.tables[0] : NULL;
		set.tables[0] = type ? type->keys : NULL;
		if (!section->type)
			set.tables[2] = oom_keys_of_any_type(reader, section->kind);
		break;
	case OOM_SEC_EXPECT:
		set.expects = schema->expects;
		set.about = section->about;
		break;
	default:
		break;
	}
	*ret = set;
}

const struct oom_key *oom_key_set_at(const struct oom_key_set *set, size_t i)
{
	for (size_t t = 0; t < sizeof(set->tables) / sizeof(set->tables[0]); t++)
		for (const struct oom_key *key = set->tables[t]; key && key->name; key++)
			if (i-- == 0)
				return key;
	for (const struct oom_expect_key *row = set->expects; row && row->key; row++)
		if ((!set->about || row->about & set->about) && i-- == 0)
			return row->key;
	return NULL;
}

const struct oom_key *oom_key_set_find(const struct oom_key_set *set, const char *name)
{
	const struct oom_key *key;

	for (size_t i = 0; (key = oom_key_set_at(set, i)); i++)
		if (oom_key_matches(key, name))
			return key;
	return NULL;
}

static const char *about_text(unsigned about)
{
	switch (about) {
	case OOM_ABOUT_RUN:
		return "the run, in [Expect]";
	case OOM_ABOUT_WORKLOAD:
		return "a workload, in [Expect NAME]";
	case OOM_ABOUT_UNIT:
		return "a scope, slice or service, in [Expect NAME]";
	case OOM_ABOUT_WORKLOAD | OOM_ABOUT_UNIT:
		return "a workload, scope, slice or service, in [Expect NAME]";
	default:
		return "something else";
	}
}

/* An expectation of another subject. */
static bool refuse_subject(struct oom_reader *reader, const struct oom_section *section,
	const char *name, struct oom_place place)
{
	unsigned about = oom_key_about(reader->schema, name);
	char title[OOM_SECTION_TITLE_MAX];

	if (about)
		oom_reader_mistake(reader, place, "'%s=' does not apply to %s, only to %s", name,
			oom_section_title(section, title), about_text(about));
	return about;
}

static const struct oom_kind *owner_of(const struct oom_kind *const *kinds, const char *name)
{
	for (; kinds && *kinds; kinds++)
		for (const struct oom_key *key = (*kinds)->keys; key && key->name; key++)
			if (oom_key_matches(key, name))
				return *kinds;
	return NULL;
}

/* A key of another type of workload or fault. */
static bool refuse_type(struct oom_reader *reader, const struct oom_section *section,
	const char *name, struct oom_place place)
{
	bool is_fault = section->kind == OOM_SEC_FAULT;
	const struct oom_kind *owner =
		owner_of(is_fault ? reader->schema->faults : reader->schema->workloads, name);

	if (!section->type)
		return false; /* every type's keys are in the set */
	if (owner)
		oom_reader_mistake(reader, place,
			"'%s=' is not a key of type '%s', but of type '%s'", name,
			section->type->name, owner->name);
	return owner;
}

/* The nearest key; for Evnt.oom_kill the nearest prefix with the rest behind it. */
static const char *suggest(struct oom_arena *arena, const struct oom_key_set *set, const char *name)
{
	const char *point = strchr(name, '.');
	const char **names, *nearest, *head;
	const struct oom_key *key;
	size_t count = 0;

	while (oom_key_set_at(set, count))
		count++;
	names = oom_arena_alloc(arena, (count + 1) * sizeof(*names));
	head = oom_arena_strndup(arena, name, point ? (size_t)(point + 1 - name) : 0);
	if (!names || !head)
		return NULL;
	for (size_t i = 0; i < count; i++)
		names[i] = oom_key_set_at(set, i)->name;
	nearest = oom_nearest(*head ? head : name, names, count);
	key = nearest ? oom_key_set_find(set, nearest) : NULL;
	if (nearest && !key && point) /* a prefix alone is no key */
		return oom_arena_printf(arena, "%s%s", nearest, point[1] ? point + 1 : "NAME");
	return key ? nearest : NULL;
}

void oom_key_refuse(struct oom_reader *reader, const struct oom_section *section,
	const struct oom_key_set *set, const char *name, struct oom_place place)
{
	char title[OOM_SECTION_TITLE_MAX];
	const char *nearest;

	if (section->kind == OOM_SEC_EXPECT && refuse_subject(reader, section, name, place))
		return;
	if ((section->kind == OOM_SEC_WORKLOAD || section->kind == OOM_SEC_FAULT) &&
		refuse_type(reader, section, name, place))
		return;
	if (oom_key_belongs_elsewhere(reader, section, name, place))
		return;
	nearest = suggest(&reader->diags->arena, set, name);
	oom_section_title(section, title);
	if (nearest)
		oom_reader_mistake(reader, place, "unknown key '%.60s' in %s, did you mean '%s'?",
			name, title, nearest);
	else
		oom_reader_mistake(reader, place, "unknown key '%.60s' in %s", name, title);
}

bool oom_key_is_mistyped(
	struct oom_reader *reader, const struct oom_section *section, const char *name)
{
	struct oom_key_set set;

	oom_key_set_of(reader, section, &set);
	for (size_t i = 0; i < section->n_settings; i++) {
		const char *said = section->settings[i].name, *meant;

		if (oom_key_set_find(&set, said))
			continue;
		meant = suggest(&reader->diags->arena, &set, said);
		if (meant && !strcmp(meant, name))
			return true;
	}
	return false;
}
