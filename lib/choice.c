// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/choice.h"

#include "lib/bounded.h"
#include "lib/key.h"

#include <errno.h>
#include <stdio.h>

int oom_choice_unknown(struct oom_err *err, const char *what, const char *word, const char *const *names,
	size_t count)
{
	const char *nearest = oom_nearest(word, names, count);
	char names_text[sizeof(err->msg)]; /* of what is longer no message has room */
	struct oom_bounded list = OOM_BOUNDED(names_text);

	if (nearest)
		return oom_err_set(err, EINVAL, "unknown %s '%s', did you mean '%s'?", what, word, nearest);
	for (size_t i = 0; i < count; i++)
		oom_bounded_printf(&list, "%s%s", i ? ", " : "", names[i]);
	return oom_err_set(err, EINVAL, "unknown %s '%s'; there %s %s", what, word,
		count == 1 ? "is" : "are", count ? names_text : "none");
}
