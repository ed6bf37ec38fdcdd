// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/choice.h"

#include "lib/base/bounded.h"
#include "lib/base/nearest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What a sentence has room for, beside the word that is unknown; ", and 123 more" of it. */
enum { LIST_BYTES = 160, MORE_BYTES = 24 };

static bool is_before(const char *const *names, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(names[j], names[i]))
			return true;
	return false;
}

int oom_choice_unknown(struct oom_err *err, const char *what, const char *word,
	const char *const *names, size_t count)
{
	const char *nearest = oom_nearest(word, names, count);
	char names_text[LIST_BYTES];
	struct oom_bounded list = OOM_BOUNDED(names_text);
	size_t more = 0, different = 0;

	if (nearest)
		return oom_err_set(
			err, EINVAL, "unknown %s '%s', did you mean '%s'?", what, word, nearest);
	for (size_t i = 0; i < count; i++) {
		if (is_before(names, i))
			continue;
		different++;
		/* the last of a list that is too long says how many more there are */
		if (more ||
			(list.len + strlen(names[i]) + strlen(", ") > LIST_BYTES - MORE_BYTES && i))
			more++;
		else
			oom_bounded_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	if (more)
		oom_bounded_printf(&list, ", and %zu more", more);
	if (!count)
		return oom_err_set(
			err, EINVAL, "unknown %s '%s': there are no %ss", what, word, what);
	return oom_err_set(err, EINVAL, "unknown %s '%s', expected %s%s", what, word,
		different == 1 ? "" : "one of ", names_text);
}
