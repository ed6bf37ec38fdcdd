/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNITS_SCOPE_NAME_H
#define OOM_UNITS_SCOPE_NAME_H

#include "harness/units/backend_scope.h"
#include "lib/base/err.h"
#include "lib/scenario/scenario.h"

const char *oom_scope_bus_name(const struct scope_ctx *ctx); /* "system" or "user" */
/* systemd's name for a section, and the slice it lies in (NULL: what its name says). */
int oom_scope_unit_name(const struct scope_ctx *ctx, const struct oom_section *section,
	struct oom_err *err, char *buf, size_t size, const char **ret_slice);

#endif
