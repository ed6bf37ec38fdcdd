// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/internal.h"

#include <string.h>

/* Where the type is a slip or missing, most of a section's mistakes can be told all the same. */

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What both rows want; any text where they want different things. */
static void agree(struct oom_key *key, const struct oom_key *other)
{
	enum {
		MEANT = OOM_KEY_PERCENT | OOM_KEY_ABSOLUTE | OOM_KEY_WORKLOAD | OOM_KEY_SCOPE |
			OOM_KEY_DELAY | OOM_KEY_SIGNAL | OOM_KEY_PROPERTY | OOM_KEY_SYSCTL |
			OOM_KEY_SENDER
	};
	unsigned repeats = (key->flags | other->flags) & OOM_KEY_REPEATS;

	if (key->type != other->type || !is_same(key->choices, other->choices) ||
		(key->flags & MEANT) != (other->flags & MEANT)) {
		key->type = OOM_T_STRING;
		key->choices = NULL;
		key->flags = repeats;
	}
	if (key->min != other->min || key->max != other->max)
		key->min = key->max = 0;
	key->flags |= repeats;
}

/* Adds the rows of @keys to the @count at @merged. */
static size_t merge(struct oom_key *merged, size_t count, const struct oom_key *keys)
{
	for (const struct oom_key *key = keys; key && key->name; key++) {
		size_t i = 0;

		while (i < count && strcmp(merged[i].name, key->name) != 0)
			i++;
		if (i < count) {
			agree(&merged[i], key);
			continue;
		}
		merged[count] = *key;
		merged[count++].flags &= ~(unsigned)OOM_KEY_REQUIRED;
	}
	return count;
}

static size_t rows_of(const struct oom_key *keys)
{
	size_t count = 0;

	while (keys && keys[count].name)
		count++;
	return count;
}

const struct oom_key *oom_keys_of_any_type(struct oom_reader *reader, enum oom_section_kind kind)
{
	const struct oom_key *common = oom_section_keys(kind);
	const struct oom_kind *const *kinds =
		kind == OOM_SEC_FAULT ? reader->schema->faults : reader->schema->workloads;
	size_t rows = rows_of(common) + 1, count = 0;
	struct oom_key *merged;

	if (reader->any_keys[kind])
		return reader->any_keys[kind];
	for (size_t i = 0; kinds && kinds[i]; i++)
		rows += rows_of(kinds[i]->keys);
	merged = oom_arena_alloc(&reader->scenario->arena, rows * sizeof(*merged));
	if (!merged)
		return NULL;
	count = merge(merged, count, common);
	for (size_t i = 0; i < count; i++) /* what every type wants: the type */
		merged[i].flags |= common[i].flags & OOM_KEY_REQUIRED;
	for (size_t i = 0; kinds && kinds[i]; i++)
		count = merge(merged, count, kinds[i]->keys);
	memset(&merged[count], 0, sizeof(*merged));
	reader->any_keys[kind] = merged;
	return merged;
}
