// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the machines do not agree: who ended alike, and what the record says of each side. */
#include "lib/base/format.h"
#include "reports/view.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* The side that ended so; a new one, without an attempt, where there is none. */
static struct oom_view_side *side_get(
	struct oom_view *view, struct oom_view_sides *sides, uint64_t end_hash)
{
	struct oom_view_side *items;

	for (size_t i = 0; i < sides->count; i++) {
		if (sides->items[i].end_hash == end_hash)
			return &sides->items[i];
	}
	items = oom_arena_grow(&view->scratch, sides->items, sides->count, sizeof(*items));
	if (!items)
		return NULL;
	sides->items = items;
	items[sides->count] = (struct oom_view_side){.end_hash = end_hash};
	return &items[sides->count++];
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
	const char *text = "";

	for (size_t i = 0; text && i < attempt->n_kills && i < SHOWN; i++) {
		const char *kill =
			kill_text(arena, &attempt->kills[i], i ? &attempt->kills[i - 1] : NULL);

		text = kill ? oom_arena_printf(arena, "%s%s%s", text, *text ? separator : "", kill)
			    : NULL;
	}
	if (text && attempt->n_kills > SHOWN)
		text = oom_arena_printf(
			arena, "%s%sand %zu more", text, separator, attempt->n_kills - SHOWN);
	return text;
}

/* Within a wanted range measurements always differ a little. */
static bool same_observed(const struct oom_expect_rec *a, const struct oom_expect_rec *b)
{
	bool in_range =
		a->verdict == OOM_PASS && b->verdict == OOM_PASS && strstr(a->wanted ?: "", "..");

	return in_range || !strcmp(a->observed ?: "", b->observed ?: "");
}

static const struct oom_expect_rec *expect_like(
	const struct oom_attempt *attempt, const struct oom_expect_rec *like)
{
	for (size_t i = 0; i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];

		if (!strcmp(e->key ?: "", like->key ?: "") &&
			!strcmp(e->subject ?: "", like->subject ?: "") &&
			!strcmp(e->wanted ?: "", like->wanted ?: ""))
			return e;
	}
	return NULL;
}

const char *oom_view_observed_apart(struct oom_arena *arena, const struct oom_view_side *sides,
	size_t count, size_t index, const char *separator)
{
	const struct oom_attempt *attempt = sides[index].attempt;
	const char *text = "";

	for (size_t i = 0; text && i < attempt->n_expects; i++) {
		const struct oom_expect_rec *e = &attempt->expects[i];
		bool apart = false;

		for (size_t s = 0; s < count; s++) {
			const struct oom_expect_rec *other = expect_like(sides[s].attempt, e);

			apart = apart || (other && !same_observed(e, other));
		}
		if (apart)
			text = oom_arena_printf(arena, "%s%s%s %s", text, *text ? separator : "",
				oom_view_subject(arena, e) ?: "?", e->observed ?: "nothing");
	}
	return text;
}

int oom_view_sides(
	struct oom_view *view, const struct oom_view_row *row, struct oom_view_sides *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t m = 0; m < view->n_machines; m++) {
		const struct oom_view_cell *cell = &row->cells[m];
		struct oom_view_side *side;
		uint32_t shown;
		int r = 0;

		if (!cell->n_attempts || cell->verdict == OOM_SKIPPED)
			continue;
		shown = cell->attempts[cell->shown];
		side = side_get(view, ret, oom_run_entry(view->run, shown).end_hash);
		if (!side)
			return -ENOMEM;
		if (!side->attempt)
			r = oom_run_attempt(view->run, shown, &side->attempt);
		if (r < 0)
			return r;
		side->machines = side->machines ? oom_arena_printf(&view->scratch, "%s, %s",
							  side->machines, view->machines[m])
						: view->machines[m];
		if (!side->machines)
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
