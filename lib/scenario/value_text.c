// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/nearest.h"
#include "lib/scenario/signal_name.h"
#include "lib/scenario/unit_property.h"
#include "lib/scenario/value_internal.h"

#include <errno.h>
#include <string.h>

/* What a text must be beyond being there. */

int oom_value_signal(
	struct oom_arena *arena, const char *text, struct oom_err *err, const char **ret)
{
	char name[OOM_SIGNAL_NAME_MAX];
	const char *copy;
	int number;

	if (oom_signal_parse(text, &number) < 0)
		return oom_signal_refuse(text, err);
	if (*text >= '0' && *text <= '9')
		return 0; /* a number is kept */
	copy = oom_arena_strdup(arena, oom_signal_name(number, name));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

/* The properties of units: more than that are none. */
static int check_property(const char *text, struct oom_err *err)
{
	enum { MAX_PROPERTIES = 256 };
	const char *names[MAX_PROPERTIES], *nearest;
	size_t count = 0;

	if (oom_unit_property_find(text))
		return 0;
	for (const struct oom_unit_property *row = oom_unit_properties;
		row->key.name && count < MAX_PROPERTIES; row++)
		names[count++] = row->key.name;
	nearest = oom_nearest(text, names, count);
	return nearest
		? oom_err_set(err, EINVAL, "unknown property '%.60s', did you mean '%s'?", text,
			  nearest)
		: oom_err_set(err, EINVAL,
			  "unknown property '%.60s' ('oomgate list properties' lists them)", text);
}

bool oom_is_sysctl(const char *name)
{
	static const char word[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	unsigned words = 0;

	for (const char *p = name;; p++) {
		size_t len = strspn(p, word);

		if (!len)
			return false;
		words++;
		p += len;
		if (!*p)
			return words > 1;
		if (*p != '.')
			return false;
	}
}

int oom_value_text(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, const char **ret)
{
	if (key->flags & OOM_KEY_SIGNAL)
		return oom_value_signal(arena, text, err, ret);
	if (key->flags & OOM_KEY_PROPERTY)
		return check_property(text, err);
	if (key->flags & OOM_KEY_SYSCTL && !oom_is_sysctl(text))
		return oom_err_set(
			err, EINVAL, "'%.60s' is not a sysctl (vm.overcommit_memory)", text);
	return 0;
}
