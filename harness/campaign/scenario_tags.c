// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/scenario_tags.h"

#include "lib/base/choice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has_tag(const char *const *tags, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(tags[i]) == len && !strncmp(tags[i], word, len))
			return true;
	return false;
}

/* One term, "smoke+!slow" of @len bytes: do all of its words hold? */
static int term_match(
	const char *term, size_t len, const char *const *tags, size_t n, struct oom_err *err)
{
	bool holds = true;

	for (const char *p = term, *end = term + len; p <= end;) {
		bool negative = p < end && *p == '!';
		const char *word = p + negative;
		size_t word_len = strcspn(word, "+,");

		if (!word_len || memchr(word, '!', word_len) || memchr(word, ' ', word_len))
			return oom_err_set(err, EINVAL,
				"'%.*s' is not a tag expression (memcg,!slow or smoke+memcg)",
				(int)len, term);
		if (has_tag(tags, n, word, word_len) == negative)
			holds = false;
		p = word + word_len + 1;
	}
	return holds;
}

/* "!slow" alone takes scenarios out; every other term lets some in. */
int oom_tags_match(const char *expr, const char *const *tags, size_t n, struct oom_err *err)
{
	bool any_positive = false, in = false, out = false;

	for (const char *p = expr; p;) {
		size_t len = strcspn(p, ",");
		bool only_negative = *p == '!' && !memchr(p, '+', len);
		int r = term_match(p, len, tags, n, err);

		if (r < 0)
			return r;
		if (only_negative)
			out |= !r;
		else
			in |= r;
		any_positive |= !only_negative;
		p = p[len] ? p + len + 1 : NULL;
	}
	return (in || !any_positive) && !out;
}

/* A tag that no scenario has chooses nothing, or spares nothing: a gate that changes in silence. */
int oom_tags_known(const char *expr, const char *const *known, size_t n, struct oom_err *err)
{
	for (const char *p = expr; *p;) {
		size_t len;
		char word[64];

		p += strspn(p, "+,!");
		len = strcspn(p, "+,");
		if (len && !has_tag(known, n, p, len)) {
			snprintf(word, sizeof(word), "%.*s", (int)len, p);
			return oom_choice_unknown(err, "tag", word, known, n);
		}
		p += len;
	}
	return 0;
}
