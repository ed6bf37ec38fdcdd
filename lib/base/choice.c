// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/choice.h"

#include "lib/base/bounded.h"
#include "lib/base/nearest.h"

#include <errno.h>
#include <string.h>

/* What a sentence has room for, beside the word that is unknown; ", and 123 more" of it. */
enum { LIST_BYTES = 160, MORE_BYTES = 24 };

int oom_choice_unknown(struct oom_err *err, const char *what, const char *word,
	const char *const *names, size_t count)
{
	const char *nearest = oom_nearest(word, names, count);
	char names_text[LIST_BYTES];
	struct oom_bounded list = OOM_BOUNDED(names_text);

	if (nearest)
		return oom_err_set(
			err, EINVAL, "unknown %s '%s', did you mean '%s'?", what, word, nearest);
	for (size_t i = 0; i < count; i++) {
		/* the last of a list that is too long says how many more there are */
		if (list.len + strlen(names[i]) + strlen(", ") > LIST_BYTES - MORE_BYTES && i) {
			oom_bounded_printf(&list, ", and %zu more", count - i);
			break;
		}
		oom_bounded_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	return count
		? oom_err_set(err, EINVAL, "unknown %s '%s', expected %s%s", what, word,
			  count == 1 ? "" : "one of ", names_text)
		: oom_err_set(err, EINVAL, "unknown %s '%s': there are no %ss", what, word, what);
}
