// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Longer words are no slip of the finger, and three rows of this fit any stack. */
enum { MAX_WORD = 63 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/*
 * Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 1
 * each; upper and lower case are the same.
 */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][MAX_WORD + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= b_len; j++)
		above[j] = before[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *spare = before;

		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[b_len];
}

/* The nearest name and, in *ret_tie, whether another one is as near. */
static const char *nearest_find(
	const char *word, const char *const *names, size_t count, bool *ret_tie)
{
	size_t len = strlen(word);
	/* a third of the letters wrong is another word: cpu is no slip for kmem */
	unsigned best = (unsigned)(len < 3 ? 1 : len / 3) + 1;
	const char *nearest = NULL;

	*ret_tie = false;
	if (!len || len > MAX_WORD)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t name_len = strlen(names[i]);
		unsigned d;

		if (!name_len || name_len > MAX_WORD)
			continue;
		d = distance(word, len, names[i], name_len);
		if (d < best && d < name_len) {
			best = d;
			nearest = names[i];
			*ret_tie = false;
		} else if (nearest && d == best && strcmp(nearest, names[i]) != 0) {
			*ret_tie = true;
		}
	}
	return nearest;
}

const char *oom_nearest(const char *word, const char *const *names, size_t count)
{
	bool tie;

	return nearest_find(word, names, count, &tie);
}

const char *oom_nearest_sure(const char *word, const char *const *names, size_t count)
{
	bool tie;
	const char *nearest = nearest_find(word, names, count, &tie);

	return tie ? NULL : nearest;
}
