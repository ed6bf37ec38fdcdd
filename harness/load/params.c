// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/load.h"

#include <stdlib.h>
#include <string.h>

const char *oom_load_text(const struct oom_load *load, const char *key, const char *fallback)
{
	size_t len = strlen(key);

	for (const char *const *param = load->params; *param; param++)
		if (!strncmp(*param, key, len) && (*param)[len] == '=' && (*param)[len + 1])
			return *param + len + 1;
	return fallback;
}

uint64_t oom_load_number(const struct oom_load *load, const char *key, uint64_t fallback)
{
	const char *text = oom_load_text(load, key, NULL);

	/* main() has checked every number that a key table asks for: digits, nothing else */
	return text ? strtoull(text, NULL, 10) : fallback;
}

uint64_t oom_load_usec(const struct oom_load *load, const char *key, uint64_t fallback)
{
	if (oom_load_is(load, key, "forever") || oom_load_is(load, key, "infinity"))
		return UINT64_MAX;
	return oom_load_number(load, key, fallback);
}

bool oom_load_bool(const struct oom_load *load, const char *key, bool fallback)
{
	const char *text = oom_load_text(load, key, NULL);

	return text ? !strcmp(text, "yes") : fallback;
}

bool oom_load_is(const struct oom_load *load, const char *key, const char *value)
{
	const char *text = oom_load_text(load, key, NULL);

	return text && !strcmp(text, value);
}
