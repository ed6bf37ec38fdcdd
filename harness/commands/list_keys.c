// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/schema.h"
#include "harness/commands/list.h"
#include "harness/commands/list_row.h"
#include "lib/base/format.h"
#include "lib/scenario/unit_property.h"

#include <inttypes.h>
#include <string.h>

/* "1M..4G" in the key's unit; nothing where there are no bounds worth a word. */
static void bounds_text(const struct oom_key *key, char *buf, size_t size)
{
	char min[24], max[24];

	buf[0] = '\0';
	if (key->max <= key->min || (key->min <= 1 && key->max == INT64_MAX))
		return;
	switch (key->type) {
	case OOM_T_INT:
	case OOM_T_RANGE_INT:
		snprintf(buf, size, ", %" PRId64 "..%" PRId64, key->min, key->max);
		break;
	case OOM_T_SIZE:
		snprintf(buf, size, ", %s..%s", oom_format_size((uint64_t)key->min, min),
			key->max == INT64_MAX ? "" : oom_format_size((uint64_t)key->max, max));
		break;
	case OOM_T_DURATION:
		snprintf(buf, size, ", %s..%s", oom_format_duration((uint64_t)key->min, min),
			key->max == INT64_MAX ? "" : oom_format_duration((uint64_t)key->max, max));
		break;
	default:
		break;
	}
}

/* Their choices are words for "no end". */
static bool is_number(enum oom_type type)
{
	return type == OOM_T_INT || type == OOM_T_SIZE || type == OOM_T_DURATION;
}

const char *oom_key_type_text(const struct oom_key *key, char buf[static OOM_KEY_TYPE_MAX])
{
	const char *name = oom_type_name(key->type);
	char bounds[64];

	bounds_text(key, bounds, sizeof(bounds));
	if (key->type == OOM_T_SIZE && key->flags & OOM_KEY_PERCENT)
		name = "percentage";
	if (key->type == OOM_T_STRING && key->flags & OOM_KEY_SIGNAL)
		name = "signal";
	if (key->type == OOM_T_CHOICE && key->choices)
		snprintf(buf, OOM_KEY_TYPE_MAX, "%s", key->choices);
	else if (key->flags & OOM_KEY_WORKLOAD && key->type != OOM_T_WHEN)
		snprintf(buf, OOM_KEY_TYPE_MAX, "%s of workloads%s%s", name,
			key->choices ? ", or " : "", key->choices ? key->choices : "");
	else if (key->flags & OOM_KEY_DELAY)
		snprintf(buf, OOM_KEY_TYPE_MAX, "duration or %s", name);
	else
		snprintf(buf, OOM_KEY_TYPE_MAX, "%s%s%s%s%s", name, bounds,
			!key->choices		       ? ""
				: is_number(key->type) ? " or "
						       : ": ",
			key->choices ? key->choices : "",
			key->flags & OOM_KEY_SENDER ? "|unit:NAME|exe:PATH" : "");
	return buf;
}

/* Rows of a table of keys: section (or type), key, value, default, help. */
static int add_keys(struct oom_list *list, const char *section, const struct oom_key *keys)
{
	int r = 0;

	for (const struct oom_key *key = keys; r == 0 && key && key->name; key++) {
		char type[OOM_KEY_TYPE_MAX];

		r = oom_list_row(list, *key->name ? key->name : "NAME", section,
			oom_key_type_text(key, type),
			key->flags & OOM_KEY_REQUIRED ? "(required)" : key->dflt, key->help);
	}
	return r;
}

static int add_kinds(
	struct oom_list *list, const char *section, const struct oom_kind *const *kinds)
{
	int r = 0;

	for (; r == 0 && *kinds; kinds++)
		r = add_keys(list,
			oom_arena_printf(&list->arena, "%s Type=%s", section, (*kinds)->name),
			(*kinds)->keys);
	return r;
}

static int add_expects(struct oom_list *list, const struct oom_expect_key *rows)
{
	int r = 0;

	for (; r == 0 && rows->key; rows++) {
		char type[OOM_KEY_TYPE_MAX];

		r = oom_list_row(list, rows->key->name,
			rows->about == OOM_ABOUT_RUN ? "[Expect]" : "[Expect NAME]",
			oom_key_type_text(rows->key, type), rows->key->dflt, rows->key->help);
	}
	return r;
}

int oom_list_keys(struct oom_list *list, struct oom_err *err)
{
	const struct oom_schema *schema = oom_schema();
	int r = 0;

	(void)err;
	for (enum oom_section_kind kind = 0; r == 0 && kind < OOM_SEC_COUNT_; kind++) {
		const char *name =
			oom_arena_printf(&list->arena, "[%s]", oom_section_kind_name(kind));

		r = add_keys(list, name, oom_section_keys(kind));
		if (r == 0 && kind == OOM_SEC_SLICE)
			r = add_keys(list, "[Slice] [Scope] [Service]", schema->unit_keys);
		if (r == 0 && kind == OOM_SEC_SCOPE)
			r = add_keys(list, name, schema->scope_keys);
		if (r == 0 && kind == OOM_SEC_SERVICE)
			r = add_keys(list, name, schema->service_keys);
		if (r == 0 && kind == OOM_SEC_WORKLOAD)
			r = add_kinds(list, name, schema->workloads);
		if (r == 0 && kind == OOM_SEC_FAULT)
			r = add_kinds(list, name, schema->faults);
		if (r == 0 && kind == OOM_SEC_EXPECT)
			r = add_expects(list, schema->expects);
	}
	return r;
}

int oom_list_properties(struct oom_list *list, struct oom_err *err)
{
	int r = 0;

	(void)err;
	for (const struct oom_unit_property *row = oom_unit_properties; r == 0 && row->key.name;
		row++) {
		char type[OOM_KEY_TYPE_MAX], since[16];

		snprintf(since, sizeof(since), "%d", row->since);
		r = oom_list_row(list, row->key.name,
			row->sets & OOM_UNIT_SLICE	     ? "Slice Scope Service"
				: row->sets & OOM_UNIT_SCOPE ? "Scope Service"
							     : "Service",
			oom_key_type_text(&row->key, type), since, row->v2_file, row->key.help);
	}
	return r;
}
