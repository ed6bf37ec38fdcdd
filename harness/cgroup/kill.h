/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_KILL_H
#define OOM_CGROUP_KILL_H

#include "lib/base/err.h"

#include <stdint.h>

/*
 * Kills every process in it and below and waits until they are gone: by cgroup.kill (v2,
 * Linux 5.14), else with the group frozen (v2), else round after round (v1). -ETIMEDOUT names one
 * that stays.
 */
int oom_cgroup_dir_kill(int dir_fd, const char *path, uint64_t timeout_us, struct oom_err *err);

#endif
