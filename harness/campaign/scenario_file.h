/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CAMPAIGN_SCENARIO_FILE_H
#define OOM_CAMPAIGN_SCENARIO_FILE_H

#include "lib/base/arena.h"

/*
 * The file at @path as a record names it: relative to the repository of a CI step ($GITHUB_WORKSPACE) where it
 * lies in there, else to the present folder where it lies below that, else as it was given. NULL without memory.
 */
const char *oom_scenario_file(struct oom_arena *arena, const char *path);

#endif
