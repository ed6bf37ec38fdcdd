/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNITS_SCOPE_START_H
#define OOM_UNITS_SCOPE_START_H

#include "harness/units/backend.h"
#include "harness/units/backend_scope.h"

/* The same for the installed unit of a [Service] with Unit=. */
int oom_scope_installed_start(struct scope_ctx *ctx, struct scope_unit *unit,
	const struct oom_section *section, struct oom_err *err, struct oom_backend_unit *ret);
/* Starts @unit with the properties of @section, on the undo list first; *@ret gets its cgroup. When
 * it fails the unit is gone again. */
int oom_scope_unit_start(struct scope_ctx *ctx, struct scope_unit *unit,
	const struct oom_section *section, struct oom_err *err, struct oom_backend_unit *ret);

#endif
