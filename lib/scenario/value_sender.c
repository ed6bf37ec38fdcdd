// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/err.h"
#include "lib/scenario/value_internal.h"

#include <errno.h>
#include <string.h>

/* Who sent a signal, as KilledBy= may name any program: "unit:oomd.service", "exe:/usr/bin/oomd". */

static const char unit_word[] = "unit:", exe_word[] = "exe:";

bool oom_value_is_sender(const char *word)
{
	return !strncmp(word, unit_word, strlen(unit_word)) ||
		!strncmp(word, exe_word, strlen(exe_word));
}

/* What systemd.unit(5) allows in a name; a suffix may be missing of a unit of the scenario. */
static bool is_unit_name(const char *name)
{
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";

	return *name && strlen(name) < 256 && !name[strspn(name, chars)];
}

static bool is_path(const char *path)
{
	size_t len = strlen(path);

	return *path == '/' && len > 1 && path[len - 1] != '/' && !strstr(path, "//") &&
		!strstr(path, "/./") && !strstr(path, "/../");
}

int oom_value_sender(const char *word, struct oom_err *err)
{
	const char *name = strchr(word, ':') + 1;

	if (*word == *unit_word && !is_unit_name(name))
		return oom_err_set(
			err, EINVAL, "'%.60s' is not the name of a unit (unit:oomd.service)", name);
	if (*word == *exe_word && !is_path(name))
		return oom_err_set(err, EINVAL,
			"'%.60s' is not the absolute path of a program (exe:/usr/bin/oomd)", name);
	return 0;
}
