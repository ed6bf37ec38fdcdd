/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BACKEND_SCOPE_H
#define OOM_BACKEND_SCOPE_H

#include "harness/bus/bus.h"
#include "harness/undo/undo.h"

#include <sys/types.h>

/* Between backend_scope.c (the back end) and scope_*.c (how a unit starts). */

enum { OOM_SCOPE_UNITS_MAX = 64 };

struct scope_unit {
	char name[64]; /* in the scenario */
	char what[80]; /* "scope 'box'" */
	bool installed; /* a [Service] with Unit= */
	bool was_active; /* it ran before us: it is not ours to stop */
	char unit[192];
	char dir[512]; /* of its cgroup, for messages */
	pid_t keeper;
	int keeper_pidfd;
};

struct scope_ctx {
	struct oom_undo *undo;
	struct oom_bus *bus;
	char slice[80]; /* all units of the attempt lie in it: its counters are ours alone */
	char token[40];
	bool slice_noted;
	struct scope_unit *units[OOM_SCOPE_UNITS_MAX];
	int n_units;
};

#endif
