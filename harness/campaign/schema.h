/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SCHEMA_H
#define OOM_SCHEMA_H

#include "lib/scenario/scenario.h"

/* The scenario language of this program: what workloads.def, faults.def, expects.def, needs.def and the
 * table of unit properties say. */
const struct oom_schema *oom_schema(void);

#endif
