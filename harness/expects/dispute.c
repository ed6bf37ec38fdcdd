// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "lib/kernel/cgroup_path.h"

#include <string.h>

/* What sources contradict each other about reaches every expectation that uses it. */

/* Does a value in the form of .observed satisfy what is wanted? 1, 0, or -1: it cannot be told. */
static int holds(const struct oom_expect_case *c, const char *value)
{
	struct oom_size size;
	uint64_t usec;
	int64_t number;
	bool yes;

	switch (c->wanted->type) {
	case OOM_T_RANGE_INT:
		return oom_parse_int(value, &number) < 0
			? -1
			: oom_value_in_ranges(c->wanted, (double)number, 0);
	case OOM_T_RANGE_SIZE:
		return oom_parse_size(value, &size) < 0 || size.is_percent
			? -1
			: oom_value_in_ranges(
				  c->wanted, (double)size.bytes, (double)c->whole_bytes);
	case OOM_T_RANGE_DURATION:
		return oom_parse_duration(value, &usec) < 0
			? -1
			: oom_value_in_ranges(c->wanted, (double)usec, 0);
	case OOM_T_BOOL:
		return oom_parse_bool(value, &yes) < 0 ? -1 : yes == c->wanted->boolean;
	case OOM_T_ALTERNATIVES:
		for (size_t i = 0; i < c->wanted->list.count; i++)
			if (!strcmp(c->wanted->list.items[i], value))
				return 1;
		return 0;
	default:
		return -1;
	}
}

/* The unit of a subject: itself, a workload's scope; NULL: none. */
static const struct oom_unit_rec *unit_of(const struct oom_attempt *attempt, const char *subject)
{
	const struct oom_workload_rec *workload = oom_attempt_workload(attempt, subject);

	return oom_attempt_unit(attempt, workload ? workload->scope : subject);
}

/*
 * Is a dispute about @one one about @other, too? What is said of the run is said of all in it, and the other way
 * round; what is said of a unit is said of its workloads and of the units above it and below it. Two workloads
 * have nothing to do with each other.
 */
static bool is_about(const struct oom_attempt *attempt, const char *one, const char *other)
{
	const struct oom_unit_rec *a = unit_of(attempt, one), *b = unit_of(attempt, other);

	if (!*one || !*other || !strcmp(one, other))
		return true;
	if (oom_attempt_workload(attempt, one) && oom_attempt_workload(attempt, other))
		return false;
	return a && b &&
		(a == b || oom_cgroup_is_within(a->cgroup, b->cgroup) ||
			oom_cgroup_is_within(b->cgroup, a->cgroup));
}

/* Of a file's counters only those of kills. */
static bool uses(
	const struct oom_expect *expect, const struct oom_expect_case *c, enum oom_fact fact)
{
	const char *suffix =
		expect->key.flags & OOM_KEY_PREFIX ? c->name + strlen(expect->key.name) : NULL;

	return expect->facts & fact && (!suffix || !strncmp(suffix, "oom", 3));
}

/* Sources that disagree leave a question open, unless the answer is the same by either. */
void oom_expect_heed_disputes(const struct oom_expect *expect, const struct oom_expect_case *c,
	struct oom_expect_result *result)
{
	for (size_t i = 0; i < c->attempt->n_disputes; i++) {
		const struct oom_dispute_rec *d = &c->attempt->disputes[i];
		enum oom_fact fact = oom_fact_from_name(d->fact);
		bool answers = expect->answers == fact && !strcmp(d->subject, c->subject);
		int one = answers ? holds(c, d->value) : -1;
		int other = answers ? holds(c, d->other_value) : -1;

		if (!uses(expect, c, fact) || !is_about(c->attempt, d->subject, c->subject) ||
			result->verdict == OOM_BROKEN)
			continue;
		if (one >= 0 && one == other) {
			result->verdict = one ? result->verdict : OOM_FAIL;
			continue;
		}
		oom_expect_inconclusive(c, result, "%s says %s, %s says %s", d->source, d->value,
			d->other_source, d->other_value);
	}
}
