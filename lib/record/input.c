// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/record/input.h"

#include <errno.h>
#include <string.h>

int oom_attempt_add_input(struct oom_attempt *attempt, const char *name, const char *value)
{
	struct oom_input_rec *grown =
		oom_arena_grow(&attempt->arena, attempt->inputs, attempt->n_inputs, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	attempt->inputs = grown;
	grown[attempt->n_inputs++] = (struct oom_input_rec){
		oom_arena_strdup(&attempt->arena, name), oom_arena_strdup(&attempt->arena, value)};
	return attempt->arena.failed ? -ENOMEM : 0;
}

const char *oom_attempt_input(const struct oom_attempt *attempt, const char *name)
{
	for (size_t i = 0; i < attempt->n_inputs; i++)
		if (!strcmp(attempt->inputs[i].name, name))
			return attempt->inputs[i].value;
	return NULL;
}
