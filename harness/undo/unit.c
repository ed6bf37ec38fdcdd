// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/bus/bus.h"
#include "harness/undo/kind.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <string.h>

static int check(char *const *args, struct oom_err *err)
{
	if (!*args[0] || strchr(args[0], '/') || !strchr(args[0], '.'))
		return oom_err_set(err, EINVAL, "'%s' is not the name of a unit", args[0]);
	if (strcmp(args[1], "system") != 0 && strcmp(args[1], "user") != 0)
		return oom_err_set(err, EINVAL, "'%s' is not a bus: system or user", args[1]);
	return 0;
}

static int undo(char *const *args, struct oom_err *err)
{
	oom_cleanup(oom_bus_closep) struct oom_bus *bus = NULL;
	int r = check(args, err);

	if (!r)
		r = oom_bus_open(!strcmp(args[1], "user"), err, &bus);
	return r < 0 ? r : oom_bus_unit_end(bus, args[0], err);
}

const struct oom_undo_kind oom_undo_kind_unit = {
	.name = "unit",
	.args = "NAME BUS",
	.n_args = 2,
	.verb = "stop unit",
	.past = "stopped unit",
	.check = check,
	.undo = undo,
};
