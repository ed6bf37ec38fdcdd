// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/schema.h"
#include "harness/faults/fault.h"
#include "harness/needs/needs.h"
#include "harness/workloads/workload.h"
#include "lib/scenario/unit_property.h"

#include <criterion/criterion.h>
#include <string.h>

/* Every key of every table, seen as the reader, the manual and the completion see it. */

static void expect_key(const char *where, const struct oom_key *key)
{
	struct oom_arena arena = {0};
	struct oom_value value;
	struct oom_err err = {0};

	cr_expect(key->type < OOM_T_COUNT_, "%s %s", where, key->name);
	cr_expect(key->help && *key->help, "%s %s has no help", where, key->name);
	cr_expect(!key->help || key->help[strlen(key->help) - 1] != '.', "%s %s: a full stop",
		where, key->name);
	if (key->type == OOM_T_CHOICE)
		cr_expect_not_null(key->choices, "%s %s", where, key->name);
	if (key->dflt)
		cr_expect_eq(oom_value_parse(&arena, key, key->dflt, &err, &value), 0, "%s %s: %s",
			where, key->name, err.msg);
	if (key->flags & OOM_KEY_PREFIX)
		cr_expect(!*key->name || key->name[strlen(key->name) - 1] == '.', "%s %s", where,
			key->name);
	oom_arena_release(&arena);
}

static void expect_keys(const char *where, const struct oom_key *keys)
{
	for (const struct oom_key *key = keys; key && key->name; key++) {
		expect_key(where, key);
		for (const struct oom_key *other = keys; other < key; other++)
			cr_expect_str_neq(other->name, key->name, "%s: %s twice", where, key->name);
	}
}

static void expect_needs(const char *where, const char *needs)
{
	char copy[256], *save = NULL;
	struct oom_err err = {0};

	if (!needs)
		return;
	cr_assert(strlen(needs) < sizeof(copy));
	strcpy(copy, needs);
	for (char *need = strtok_r(copy, " ", &save); need; need = strtok_r(NULL, " ", &save))
		cr_expect_eq(oom_need_check(need, &err), 0, "%s: %s", where, err.msg);
}

static void expect_kinds(const struct oom_kind *const *kinds)
{
	for (const struct oom_kind *const *kind = kinds; *kind; kind++) {
		cr_expect((*kind)->help && *(*kind)->help, "%s has no help", (*kind)->name);
		expect_keys((*kind)->name, (*kind)->keys);
		for (const struct oom_kind *const *other = kinds; other < kind; other++)
			cr_expect_str_neq((*other)->name, (*kind)->name);
	}
}

Test(schema, tables_hold_together)
{
	const struct oom_schema *schema = oom_schema();

	for (enum oom_section_kind kind = 0; kind < OOM_SEC_COUNT_; kind++)
		expect_keys(oom_section_kind_name(kind), oom_section_keys(kind));
	expect_kinds(schema->workloads);
	expect_kinds(schema->faults);
	expect_keys("unit", schema->unit_keys);
	expect_keys("scope", schema->scope_keys);
	expect_keys("service", schema->service_keys);
	for (const struct oom_expect_key *row = schema->expects; row->key; row++) {
		expect_key("expect", row->key);
		cr_expect(row->about && row->about < 8, "%s", row->key->name);
	}
	for (const struct oom_workload *const *w = oom_workloads; *w; w++)
		expect_needs((*w)->kind.name, (*w)->needs);
	for (const struct oom_fault *const *f = oom_faults; *f; f++)
		expect_needs((*f)->kind.name, (*f)->needs);
}

static size_t count_keys(const struct oom_key *keys)
{
	size_t n = 0;

	while (keys[n].name)
		n++;
	return n;
}

Test(schema, no_property_is_left_out)
{
	static const unsigned all = OOM_UNIT_SLICE | OOM_UNIT_SCOPE | OOM_UNIT_SERVICE;
	const struct oom_schema *schema = oom_schema();
	struct oom_key none[1];

	cr_expect_eq(count_keys(schema->unit_keys), oom_unit_property_keys(all, none, 1));
	cr_expect_eq(
		count_keys(schema->scope_keys), oom_unit_property_keys(OOM_UNIT_SCOPE, none, 1));
	cr_expect_eq(count_keys(schema->service_keys),
		oom_unit_property_keys(OOM_UNIT_SERVICE, none, 1));
}
