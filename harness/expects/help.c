// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/expects/expect.h"
#include "lib/base/cleanup.h"
#include "lib/base/format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *format(struct oom_arena *arena, const char *fmt, va_list args)
{
	oom_autofree char *text = NULL;

	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
		arena->failed = 1;
	}
	return oom_arena_strdup(arena, text);
}

void oom_expect_observed(const struct oom_expect_case *c, enum oom_verdict verdict,
	struct oom_expect_result *ret, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ret->observed = format(c->arena, fmt, args);
	va_end(args);
	ret->verdict = verdict;
}

void oom_expect_inconclusive(
	const struct oom_expect_case *c, struct oom_expect_result *ret, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ret->reason = format(c->arena, fmt, args);
	va_end(args);
	ret->verdict = OOM_INCONCLUSIVE;
}

void oom_expect_range(const struct oom_expect_case *c, int64_t observed, const char *observed_text,
	struct oom_expect_result *ret)
{
	bool in;

	if (!observed_text) {
		oom_expect_inconclusive(c, ret, "it was not observed");
		return;
	}
	in = oom_value_in_ranges(c->wanted, (double)observed, (double)c->whole_bytes);
	oom_expect_observed(c, in ? OOM_PASS : OOM_FAIL, ret, "%s", observed_text);
}

void oom_expect_word(
	const struct oom_expect_case *c, const char *observed, struct oom_expect_result *ret)
{
	const char *const *items = c->wanted->list.items;
	size_t count = c->wanted->list.count;
	enum oom_verdict verdict = OOM_FAIL;

	if (!observed) {
		oom_expect_inconclusive(c, ret, "it was not observed");
		return;
	}
	if (c->wanted->type == OOM_T_CHOICE) {
		items = (const char *const *)&c->wanted->text;
		count = 1;
	}
	for (size_t i = 0; i < count; i++)
		if (!strcmp(items[i], observed))
			verdict = OOM_PASS;
	oom_expect_observed(c, verdict, ret, "%s", observed);
}

void oom_expect_bool(const struct oom_expect_case *c, bool observed, struct oom_expect_result *ret)
{
	oom_expect_observed(c, observed == c->wanted->boolean ? OOM_PASS : OOM_FAIL, ret, "%s",
		observed ? "yes" : "no");
}

void oom_expect_count(
	const struct oom_expect_case *c, int64_t observed, struct oom_expect_result *ret)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, observed);
	oom_expect_range(c, observed, observed == -1 ? NULL : text, ret);
}

void oom_expect_bytes(
	const struct oom_expect_case *c, int64_t observed, struct oom_expect_result *ret)
{
	char text[24];

	oom_expect_range(
		c, observed, observed < 0 ? NULL : oom_format_size((uint64_t)observed, text), ret);
}

void oom_expect_kib(
	const struct oom_expect_case *c, int64_t observed_kib, struct oom_expect_result *ret)
{
	oom_expect_bytes(c, observed_kib < 0 ? -1 : observed_kib * 1024, ret);
}

void oom_expect_usec(
	const struct oom_expect_case *c, int64_t observed, struct oom_expect_result *ret)
{
	char text[24];

	oom_expect_range(c, observed,
		observed < 0 ? NULL : oom_format_duration((uint64_t)observed, text), ret);
}

void oom_expect_at_least(const struct oom_expect_case *c, int64_t seen, const char *doubt,
	struct oom_expect_result *ret)
{
	bool any_higher = false, none_higher = true;

	if (!doubt) {
		oom_expect_count(c, seen, ret);
		return;
	}
	for (size_t i = 0; i < c->wanted->ranges.count; i++) {
		const struct oom_range *range = &c->wanted->ranges.items[i];

		if (!range->has_hi && (!range->has_lo || (double)seen >= range->lo))
			any_higher = true;
		if (!range->has_hi || (double)seen <= range->hi)
			none_higher = false;
	}
	oom_expect_observed(c, any_higher ? OOM_PASS : OOM_FAIL, ret, "%" PRId64 "..", seen);
	if (!any_higher && !none_higher)
		oom_expect_inconclusive(c, ret, "%s", doubt);
}

void oom_expect_counter(const struct oom_expect_case *c, const char *file,
	const struct oom_counter *counters, size_t count, struct oom_expect_result *ret)
{
	const char *dot = strchr(c->name, '.');
	const char *name = dot ? dot + 1 : c->name;
	int64_t value = oom_counter_get(counters, count, name);

	if (value >= 0)
		oom_expect_count(c, value, ret);
	else if (!count)
		oom_expect_inconclusive(c, ret, "%s was not read", file);
	else
		oom_expect_inconclusive(c, ret, "%s has no '%s' on this kernel", file, name);
}

bool oom_expect_by_harness(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	if (c->workload->ended_by_harness)
		oom_expect_inconclusive(c, ret, "it was ended by the harness at the deadline");
	return c->workload->ended_by_harness;
}

bool oom_expect_ended(const struct oom_expect_case *c, struct oom_expect_result *ret)
{
	if (c->workload->end == OOM_END_EXITED || c->workload->end == OOM_END_SIGNALLED)
		return true;
	oom_expect_observed(c, OOM_FAIL, ret, "%s", oom_end_name(c->workload->end));
	return false;
}
