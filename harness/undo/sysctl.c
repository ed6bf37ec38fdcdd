// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/sysctl.h"
#include "harness/undo/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

static int check(char *const *args, struct oom_err *err)
{
	char path[PATH_MAX];

	return oom_sysctl_path(args[0], path, sizeof(path)) < 0
		? oom_err_set(err, EINVAL, "'%s' is not the name of a sysctl", args[0])
		: 0;
}

static int undo(char *const *args, struct oom_err *err)
{
	char now[4096];
	int r;

	if (!oom_sysctl_read(args[0], now, sizeof(now)) && !strcmp(now, args[1]))
		return 0;
	r = oom_sysctl_write(args[0], args[1], err);
	return r < 0 ? r : 1;
}

const struct oom_undo_kind oom_undo_kind_sysctl = {
	.name = "sysctl",
	.args = "NAME OLD",
	.n_args = 2,
	.verb = "restore sysctl",
	.past = "restored sysctl",
	.check = check,
	.undo = undo,
};
