// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/args.h"

#include <string.h>

void oom_args_add(struct oom_args *args, const char *arg)
{
	if (args->arena->failed)
		return;
	args->items = oom_arena_grow(args->arena, args->items, args->count, sizeof(*args->items));
	if (args->items)
		args->items[args->count++] = arg;
}

const char *oom_args_quoted(struct oom_args *args, const char *value)
{
	char *out = oom_arena_alloc(args->arena, 2 * strlen(value) + 1), *p = out;

	for (; out && *value; value++) {
		*p++ = *value;
		if (*value == ',')
			*p++ = ',';
	}
	return out ? out : "";
}
