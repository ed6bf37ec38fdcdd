// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"

#include <unistd.h>

enum { STEP_PAGES = 16, PAGE = 4096 };

/* Every page once, in an order that looks random, without memory for it: a full-period generator
 * over the next power of two (Hull-Dobell: odd increment, multiplier 1 mod 4), what lies beyond
 * skipped. */
struct walk {
	uint64_t pages, done;
	uint64_t mask, state;
	unsigned shift;
	enum { LINEAR, REVERSE, RANDOM } pattern;
};

static struct walk walk_over(const struct oom_load *load, uint64_t pages)
{
	struct walk walk = {.pages = pages, .mask = 1, .pattern = LINEAR};
	unsigned bits = 1;

	if (oom_load_is(load, "Pattern", "reverse"))
		walk.pattern = REVERSE;
	else if (oom_load_is(load, "Pattern", "random"))
		walk.pattern = RANDOM;
	while (walk.mask < pages - 1) {
		walk.mask = walk.mask << 1 | 1;
		bits++;
	}
	walk.shift = bits / 2 + 1;
	return walk;
}

static uint64_t walk_next(struct walk *walk)
{
	uint64_t i = walk->done++, page;

	if (walk->pattern == LINEAR)
		return i;
	if (walk->pattern == REVERSE)
		return walk->pages - 1 - i;
	do {
		walk->state =
			(walk->state * 0xd1342543de82ef95u + 0x9e3779b97f4a7c15u) & walk->mask;
		/* its low bits alternate: fold the high ones in (still one to one) */
		page = walk->state ^ walk->state >> walk->shift;
	} while (page >= walk->pages);
	return page;
}

static _Thread_local uint64_t state; /* of what is written; 0: to be seeded */

void oom_load_reseed(void)
{
	state = 0;
}

void oom_load_fill(void *addr, bool whole_page)
{
	volatile uint64_t *word = addr;

	if (!state)
		state = (oom_load_now_us() << 20 ^ (uint64_t)gettid() << 40) | 1;
	if (!whole_page) {
		*word = (state += 0x9e3779b97f4a7c15u);
		return;
	}
	for (size_t i = 0; i < PAGE / sizeof(*word); i++) {
		state ^= state << 13; /* xorshift64, Marsaglia 2003 */
		state ^= state >> 7;
		state ^= state << 17;
		word[i] = state;
	}
}

void oom_load_walk(struct oom_load *load, void *addr, uint64_t bytes, bool writes)
{
	bool whole_page = oom_load_is(load, "Fill", "page");
	struct walk walk;

	if (!bytes)
		return;
	walk = walk_over(load, (bytes + PAGE - 1) / PAGE);
	while (walk.done < walk.pages) {
		uint64_t before = walk.done;

		do {
			char *page = (char *)addr + walk_next(&walk) * PAGE;

			if (writes)
				oom_load_fill(page, whole_page);
			else
				(void)*(volatile char *)page;
		} while (walk.done < walk.pages && walk.done - before < STEP_PAGES);
		oom_load_reached(load, (walk.done - before) * PAGE);
	}
}

void oom_load_touch(struct oom_load *load, void *addr, uint64_t bytes)
{
	oom_load_walk(load, addr, bytes, !oom_load_is(load, "Touch", "read"));
}
