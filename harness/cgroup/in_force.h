/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IN_FORCE_H
#define OOM_IN_FORCE_H

#include "lib/base/err.h"
#include "lib/scenario/scenario.h"

#include <stdbool.h>

/* Is what was asked for what the kernel does? Whoever was asked (a service manager of any age, a kernel without the
 * controller) may have passed it over in silence. */

/*
 * Reads @setting of @what ("scope 'box'") back from the v2 cgroup at @dir_fd. 0: it is in force, or has no file of its
 * own there. -ENOTSUP: this kernel, or this place, cannot have it; -EIO: another value is in force, or none.
 */
int oom_cgroup_in_force(
	int dir_fd, const char *what, const struct oom_setting *setting, struct oom_err *err);

/* Lists of processors or nodes, "0-3,7": are all of @part in @whole? Two empty ones are alike. false where one is no
 * such list. */
bool oom_list_within(const char *part, const char *whole);

#endif
