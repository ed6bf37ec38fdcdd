// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which sections have a key: of one that stands in another, where it belongs. */
#include "lib/base/bounded.h"
#include "lib/scenario/internal.h"

#include <string.h>

bool oom_key_matches(const struct oom_key *key, const char *name)
{
	size_t len = strlen(key->name);

	if (key->flags & OOM_KEY_PREFIX)
		return !strncmp(key->name, name, len) && name[len];
	return !strcmp(key->name, name);
}

static bool has_key(const struct oom_key *keys, const char *name)
{
	for (; keys && keys->name; keys++)
		if (*keys->name && oom_key_matches(keys, name))
			return true;
	return false;
}

static bool any_kind_has(const struct oom_kind *const *kinds, const char *name)
{
	for (; kinds && *kinds; kinds++)
		if (has_key((*kinds)->keys, name))
			return true;
	return false;
}

unsigned oom_key_about(const struct oom_schema *schema, const char *name)
{
	unsigned about = 0;

	for (const struct oom_expect_key *row = schema->expects; row && row->key; row++)
		if (oom_key_matches(row->key, name))
			about |= row->about;
	return about;
}

static bool is_home(const struct oom_schema *schema, enum oom_section_kind kind, const char *name)
{
	if (has_key(oom_section_keys(kind), name))
		return true;
	switch (kind) {
	case OOM_SEC_SLICE:
		return has_key(schema->unit_keys, name);
	case OOM_SEC_SCOPE:
		return has_key(schema->unit_keys, name) || has_key(schema->scope_keys, name);
	case OOM_SEC_SERVICE:
		return has_key(schema->unit_keys, name) || has_key(schema->service_keys, name);
	case OOM_SEC_WORKLOAD:
		return any_kind_has(schema->workloads, name);
	case OOM_SEC_FAULT:
		return any_kind_has(schema->faults, name);
	case OOM_SEC_EXPECT:
		return oom_key_about(schema, name);
	default:
		return false;
	}
}

/* [Expect] is about the run, [Expect NAME] about one of its parts. */
static bool has_name(const struct oom_schema *schema, enum oom_section_kind kind, const char *name)
{
	return kind == OOM_SEC_EXPECT ? !(oom_key_about(schema, name) & OOM_ABOUT_RUN)
				      : oom_section_kind_named(kind);
}

bool oom_key_belongs_elsewhere(struct oom_reader *reader, const struct oom_section *section,
	const char *name, struct oom_place place)
{
	char homes[160], title[OOM_SECTION_TITLE_MAX];
	struct oom_bounded text = OOM_BOUNDED(homes);

	for (enum oom_section_kind kind = 0; kind < OOM_SEC_COUNT_; kind++)
		if (kind != section->kind && is_home(reader->schema, kind, name))
			oom_bounded_printf(&text, "%s[%s%s]", text.len ? " or " : "",
				oom_section_kind_name(kind),
				has_name(reader->schema, kind, name) ? " NAME" : "");
	if (!text.len)
		return false;
	oom_reader_mistake(reader, place, "'%.60s=' does not belong in %s, but in %s", name,
		oom_section_title(section, title), homes);
	return true;
}
