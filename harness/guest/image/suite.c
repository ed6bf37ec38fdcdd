// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/suite.h"

#include "lib/base/choice.h"
#include "lib/base/nearest.h"

#include <errno.h>
#include <string.h>

enum { OOM_SUITES_MAX = 16, PREFIX_LEN = sizeof("debian:") - 1 };

/* The one table: --guest, 'oomgate image', 'oomgate list guests', help and completion read it. */
const struct oom_suite oom_suites[] = {
	{"debian:bullseye", "5.10", "Debian 11, systemd 247"},
	{OOM_SUITE_DEFAULT, "6.1", "Debian 12, systemd 252; the default of --guest"},
	{"debian:trixie", "6.12", "Debian 13, systemd 257"},
	{"debian:forky", "testing", "Debian 14, in development: the newest kernel and systemd"},
	{0},
};

const char *oom_image_suite(const char *name)
{
	for (const struct oom_suite *s = oom_suites; name && s->name; s++)
		if (!strcmp(s->name, name))
			return s->name + PREFIX_LEN;
	return NULL;
}

/* "bookworm" for "debian:bookworm" is the likeliest slip. NULL where nothing is near. */
static const char *nearest(const char *name)
{
	const char *bare[OOM_SUITES_MAX];
	const char *found;
	size_t count = 0;

	for (const struct oom_suite *s = oom_suites; s->name && count < OOM_SUITES_MAX; s++)
		bare[count++] = s->name + PREFIX_LEN;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(bare[i], name))
			return oom_suites[i].name;
	found = oom_nearest(name, bare, count);
	for (size_t i = 0; found && i < count; i++)
		if (bare[i] == found)
			return oom_suites[i].name;
	return NULL;
}

int oom_suite_unknown(const char *what, const char *name, const char *more, struct oom_err *err)
{
	const char *names[OOM_SUITES_MAX + 1], *meant = nearest(name);
	size_t count = 0;

	if (meant)
		return oom_err_set(
			err, EINVAL, "unknown %s '%s', did you mean '%s'?", what, name, meant);
	for (const struct oom_suite *s = oom_suites; s->name && count < OOM_SUITES_MAX; s++)
		names[count++] = s->name;
	if (more)
		names[count++] = more;
	return oom_choice_unknown(err, what, name, names, count);
}
