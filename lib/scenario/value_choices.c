// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "lib/scenario/value_internal.h"

bool oom_choices_have(const char *choices, const char *word, size_t len)
{
	for (const char *p = choices; p;) {
		size_t n = strcspn(p, "|");

		if (n == len && !strncmp(p, word, len))
			return true;
		p = p[n] ? p + n + 1 : NULL;
	}
	return false;
}

int oom_choices_refuse(const char *choices, const char *word, struct oom_err *err)
{
	enum { MAX_CHOICES = 128, SHOWN_BYTES = 100 };
	const char *names[MAX_CHOICES], *nearest;
	char buf[1024], *save = NULL;
	size_t count = 0, shown = 0, bytes = 0;

	if (strlen(choices) < sizeof(buf)) {
		snprintf(buf, sizeof(buf), "%s", choices);
		for (char *p = strtok_r(buf, "|", &save); p && count < MAX_CHOICES;
			p = strtok_r(NULL, "|", &save))
			names[count++] = p;
	}
	nearest = oom_nearest(word, names, count);
	if (strlen(choices) <= SHOWN_BYTES)
		return nearest
			? oom_err_set(err, EINVAL, "'%s' is not one of %s, did you mean '%s'?",
				  word, choices, nearest)
			: oom_err_set(err, EINVAL, "'%s' is not one of %s", word, choices);
	if (nearest)
		return oom_err_set(err, EINVAL,
			"'%s' is not one of the %zu known words, did you mean '%s'?", word, count,
			nearest);
	while (shown < count && bytes + strlen(names[shown]) < SHOWN_BYTES)
		bytes += strlen(names[shown++]) + 1;
	return oom_err_set(err, EINVAL,
		"'%.60s' is not one of %.*s and %zu more ('oomgate list keys' lists them)", word,
		bytes ? (int)bytes - 1 : 0, choices, count - shown);
}

int oom_number_outside(const struct oom_key *key, const char *text, struct oom_err *err)
{
	if (key->max == INT64_MAX)
		return oom_err_set(err, ERANGE, "'%s' is less than %" PRId64, text, key->min);
	return oom_err_set(
		err, ERANGE, "'%s' is outside %" PRId64 "..%" PRId64, text, key->min, key->max);
}
