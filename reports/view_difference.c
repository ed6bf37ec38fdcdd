// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the machines do not agree: who ended alike, and what the record says of each side. */
#include "lib/base/format.h"
#include "reports/view.h"
#include "reports/view_list.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* The side that ended so; a new one, without an attempt, where there is none. NULL where there are as many as are
 * told already: its machine is counted then. */
static struct oom_view_side *side_get(struct oom_view_sides *sides, uint64_t end_hash)
{
	for (size_t i = 0; i < sides->count; i++) {
		if (sides->items[i].end_hash == end_hash)
			return &sides->items[i];
	}
	if (sides->count == OOM_VIEW_SHOWN) {
		sides->n_more++;
		return NULL;
	}
	sides->items[sides->count] = (struct oom_view_side){.end_hash = end_hash};
	return &sides->items[sides->count++];
}

/* "large, anon-rss 99.9M", "1.9ms later small, anon-rss 49.3M" */
static const char *kill_text(
	struct oom_arena *arena, const struct oom_kill *kill, const struct oom_kill *before)
{
	const char *name = kill->workload ?: kill->victim.comm ?: "?", *later = "";
	char size[24], gap[24];

	if (before && before->time_us >= 0 && kill->time_us >= before->time_us)
		later = oom_arena_printf(arena, "%s later ",
			oom_format_duration((uint64_t)(kill->time_us - before->time_us), gap));
	if (!later)
		return NULL;
	if (kill->victim.anon_rss_kib < 0)
		return oom_arena_printf(arena, "%s%s", later, name);
	return oom_arena_printf(arena, "%s%s, anon-rss %s", later, name,
		oom_format_size((uint64_t)kill->victim.anon_rss_kib * 1024, size));
}

const char *oom_view_kills(
	struct oom_arena *arena, const struct oom_attempt *attempt, const char *separator)
{
	enum { SHOWN = 4 };
	struct oom_view_list list = oom_view_list_begin(arena, separator, SHOWN);

	for (size_t i = 0; i < attempt->n_kills; i++) {
		const char *kill;

		if (!oom_view_list_tells(&list)) {
			oom_view_list_skip(&list);
			continue;
		}
		kill = kill_text(arena, &attempt->kills[i], i ? &attempt->kills[i - 1] : NULL);
		if (!kill)
			return NULL;
		oom_view_list_add(&list, "%s", kill);
	}
	return oom_view_list_end(&list);
}

/* Within a wanted range measurements always differ a little. */
static bool same_observed(const struct oom_expect_rec *a, const struct oom_expect_rec *b)
{
	bool in_range =
		a->verdict == OOM_PASS && b->verdict == OOM_PASS && strstr(a->wanted ?: "", "..");

	return in_range || !strcmp(a->observed ?: "", b->observed ?: "");
}

static bool is_like(const struct oom_expect_rec *a, const struct oom_expect_rec *b)
{
	return !strcmp(a->key ?: "", b->key ?: "") && !strcmp(a->subject ?: "", b->subject ?: "") &&
		!strcmp(a->wanted ?: "", b->wanted ?: "");
}

/* Attempts of one scenario have the same expectations in the same order, where nobody made the record up: one that
 * is not near @index is not there. */
static const struct oom_expect_rec *expect_like(
	const struct oom_attempt *attempt, const struct oom_expect_rec *like, size_t index)
{
	enum { NEAR = 64 };
	size_t from = index > NEAR ? index - NEAR : 0;

	if (index < attempt->n_expects && is_like(&attempt->expects[index], like))
		return &attempt->expects[index];
	for (size_t i = from; i < attempt->n_expects && i < index + NEAR; i++) {
		if (is_like(&attempt->expects[i], like))
			return &attempt->expects[i];
	}
	return NULL;
}

static bool is_apart(const struct oom_view_side *sides, size_t count, size_t index,
	const struct oom_expect_rec *e, size_t place)
{
	for (size_t s = 0; s < count; s++) {
		const struct oom_expect_rec *other =
			s == index ? NULL : expect_like(sides[s].attempt, e, place);

		if (other && !same_observed(e, other))
			return true;
	}
	return false;
}

const char *oom_view_observed_apart(struct oom_arena *arena, const struct oom_view_side *sides,
	size_t count, size_t index, const char *separator)
{
	struct oom_view_list list = oom_view_list_begin(arena, separator, OOM_VIEW_SHOWN);
	const struct oom_attempt *attempt = sides[index].attempt;

	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];

		if (!is_apart(sides, count, index, e, i))
			continue;
		if (oom_view_list_tells(&list))
			oom_view_list_add(&list, "%s %s", oom_view_subject(arena, e) ?: "?",
				e->observed ?: "nothing");
		else
			oom_view_list_skip(&list);
	}
	return oom_view_list_end(&list);
}

int oom_view_sides(
	struct oom_view *view, const struct oom_view_row *row, struct oom_view_sides *ret)
{
	struct oom_view_list machines[OOM_VIEW_SHOWN];

	memset(ret, 0, sizeof(*ret));
	ret->items = oom_arena_alloc(&view->scratch, OOM_VIEW_SHOWN * sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t m = 0; m < view->n_machines; m++) {
		const struct oom_view_cell *cell = &row->cells[m];
		struct oom_view_side *side;
		struct oom_view_list *list;
		uint32_t shown;

		if (!cell->n_attempts || cell->verdict == OOM_SKIPPED)
			continue;
		shown = cell->attempts[cell->shown];
		side = side_get(ret, oom_run_entry(view->run, shown).end_hash);
		if (!side)
			continue;
		list = &machines[side - ret->items];
		if (!side->attempt) {
			int r = oom_run_attempt(view->run, shown, &side->attempt);

			if (r < 0)
				return r;
			*list = oom_view_list_begin(&view->scratch, ", ", OOM_VIEW_SHOWN);
		}
		oom_view_list_add(list, "%s", view->machines[m]);
	}
	for (size_t i = 0; i < ret->count; i++) {
		ret->items[i].machines = oom_view_list_end(&machines[i]);
		if (!ret->items[i].machines)
			return -ENOMEM;
	}
	return 0;
}

void oom_view_sides_release(struct oom_view_sides *sides)
{
	for (size_t i = 0; i < sides->count; i++)
		oom_attempt_return(&sides->items[i].attempt);
	memset(sides, 0, sizeof(*sides));
}
