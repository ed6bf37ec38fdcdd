/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_MAP_H
#define OOM_ATTEMPT_MAP_H

#include "harness/guest/attempt/state.h"
#include "lib/base/err.h"

/* Puts the memory of a machine that is to be booted and saved into files, where the guests that are restored from it
 * can map them; where they cannot, they read it from QEMU's stream, and the first time that is told. */
int oom_attempt_map(struct oom_guest_attempt *a, struct oom_err *err);

#endif
