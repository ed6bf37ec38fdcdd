// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/say/usage.h"

#include <errno.h>

enum { OPTIONS_MAX = 64 };

/* Where in the command's table of options, or -1. */
static int index_of(const struct oom_usage *usage, int key)
{
	for (int i = 0; i < OPTIONS_MAX && (usage->options[i].name || usage->options[i].key); i++)
		if (usage->options[i].key == key)
			return i;
	return -1;
}

void oom_usage_note(struct oom_usage_given *given, const struct oom_usage *usage, int key)
{
	int i = index_of(usage, key);

	if (i >= 0)
		given->bits |= 1ULL << i;
}

bool oom_usage_has(const struct oom_usage_given *given, const struct oom_usage *usage, int key)
{
	int i = index_of(usage, key);

	return i >= 0 && given->bits & 1ULL << i;
}

int oom_usage_check(const struct oom_usage *usage, const struct oom_usage_given *given,
	unsigned situations, struct oom_err *err)
{
	for (const struct oom_usage_option *o = usage->table; o->key; o++) {
		unsigned bits = o->no_effect & situations;

		if (!bits || !oom_usage_has(given, usage, o->key))
			continue;
		for (const struct oom_usage_situation *s = usage->situations; s->bit; s++)
			if (s->bit & bits)
				return oom_err_set(err, EINVAL, "--%s has no effect %s",
					usage->options[index_of(usage, o->key)].name, s->where);
	}
	return 0;
}
