// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/libexec.h"

#include "lib/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef OOMGATE_LIBEXECDIR
#define OOMGATE_LIBEXECDIR "/usr/local/libexec"
#endif
#ifndef OOMGATE_DATADIR
#define OOMGATE_DATADIR "/usr/local/share"
#endif

static int try(const char *dir, const char *below, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX + 64];
	int n = snprintf(path, sizeof(path), "%s%s/%s", dir, below, name);

	if (n < 0 || (size_t)n >= sizeof(path) || (size_t)n >= size)
		return -ENAMETOOLONG;
	if (access(path, X_OK) < 0)
		return -errno;
	snprintf(buf, size, "%s", path);
	return 0;
}

/* The folder of the running program; "" where /proc does not say. */
static void own_dir(char buf[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", buf, PATH_MAX - 1);
	char *slash;

	buf[n < 0 ? 0 : n] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
}

int oom_libexec_find(const char *name, struct oom_err *err, char *buf, size_t size)
{
	const char *wanted = getenv("OOMGATE_LIBEXEC");
	char own[PATH_MAX];
	int r;

	if (wanted && *wanted) {
		r = try(wanted, "", name, buf, size);
		return r < 0 ? oom_err_errno(err, -r, "cannot find '%s' in OOMGATE_LIBEXEC '%s'",
				       name, wanted)
			     : 0;
	}
	own_dir(own);
	if (!try(own, "", name, buf, size) || !try(own, "/../libexec/oomgate", name, buf, size) ||
		!try(OOMGATE_LIBEXECDIR, "/oomgate", name, buf, size))
		return 0;
	return oom_err_set(err, ENOENT,
		"cannot find '%s' beside the program (%.80s) or in '%s/oomgate': build all of "
		"oomgate, or "
		"set OOMGATE_LIBEXEC",
		name, own, OOMGATE_LIBEXECDIR);
}

int oom_scenarios_find(struct oom_err *err, char *buf, size_t size)
{
	/* a build tree has them beside it, one of a variant (build/asan) a folder further up */
	static const char *const below[] = {
		"/../scenarios", "/../../scenarios", "/../share/oomgate/scenarios"};
	static const char installed[] = OOMGATE_DATADIR "/oomgate/scenarios";
	oom_autofree char *real = NULL;
	char own[PATH_MAX], path[PATH_MAX + 64];

	own_dir(own);
	for (size_t i = 0; !real && *own && i < sizeof(below) / sizeof(*below); i++) {
		snprintf(path, sizeof(path), "%s%s/.", own, below[i]);
		real = realpath(path, NULL);
	}
	if (!real)
		real = realpath(installed, NULL);
	if (!real)
		return oom_err_set(err, ENOENT,
			"cannot find the program's own scenarios beside it (%.80s) or in '%s': name a folder",
			own, installed);
	if (strlen(real) >= size)
		return oom_err_set(err, ENAMETOOLONG, "the path of '%s' is too long", real);
	memcpy(buf, real, strlen(real) + 1);
	return 0;
}
