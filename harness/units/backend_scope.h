/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BACKEND_SCOPE_H
#define OOM_BACKEND_SCOPE_H

#include "harness/units/backend.h"
#include "harness/bus/bus.h"

/* Between backend_scope.c (the back end) and scope_*.c (how a unit starts). */

enum { OOM_SCOPE_UNITS_MAX = 64 };

struct scope_unit {
	char name[64];	 /* in the scenario */
	char what[80];	 /* "scope 'box'" */
	bool installed;	 /* a [Service] with Unit= */
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

/* Starts @unit with the properties of @section, on the undo list first; *@ret gets its cgroup. When
 * it fails the unit is gone again. */
int oom_scope_unit_start(struct scope_ctx *ctx, struct scope_unit *unit,
	const struct oom_section *section, struct oom_err *err, struct oom_backend_unit *ret);
/* The same for the installed unit of a [Service] with Unit=. */
int oom_scope_installed_start(struct scope_ctx *ctx, struct scope_unit *unit,
	const struct oom_section *section, struct oom_err *err, struct oom_backend_unit *ret);

/* systemd's name for a section, and the slice it lies in (NULL: what its name says). */
int oom_scope_unit_name(const struct scope_ctx *ctx, const struct oom_section *section,
	struct oom_err *err, char *buf, size_t size, const char **ret_slice);

/* A process that keeps a scope alive (harness/load/keep.h). */
int oom_scope_keeper_start(struct scope_ctx *ctx, struct scope_unit *unit, struct oom_err *err);
void oom_scope_keeper_end(struct scope_unit *unit);

const char *oom_scope_bus_name(const struct scope_ctx *ctx); /* "system" or "user" */

#endif
