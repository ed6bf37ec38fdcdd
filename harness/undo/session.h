/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SESSION_H
#define OOM_SESSION_H

#include "lib/base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Does it now: how many were killed, or -errno. */
int oom_session_kill(pid_t session, uint64_t start_ticks, struct oom_err *err);

#endif
