// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct oom_backend *oom_backend_find(const char *name)
{
	for (const struct oom_backend *const *b = oom_backends; *b; b++)
		if (!strcmp((*b)->name, name))
			return *b;
	return NULL;
}
