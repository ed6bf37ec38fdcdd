/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNITS_SCOPE_KEEPER_H
#define OOM_UNITS_SCOPE_KEEPER_H

#include "harness/units/backend_scope.h"
#include "lib/base/err.h"

void oom_scope_keeper_end(struct scope_unit *unit);
/* A process that keeps a scope alive (harness/load/keep.h). */
int oom_scope_keeper_start(struct scope_ctx *ctx, struct scope_unit *unit, struct oom_err *err);
/* Starts one for the next oom_scope_keeper_start() of this process. */
int oom_scope_keeper_prepare(struct oom_err *err);

#endif
