/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_SAVE_H
#define OOM_ATTEMPT_SAVE_H

#include "harness/guest/attempt/next.h"
#include "harness/guest/attempt/state.h"

/* The transitions of the machine that we boot for all who want it. */
enum oom_next oom_save_begin(struct oom_guest_attempt *a); /* OOM_NEXT_SAVE */
enum oom_next oom_save_boot(struct oom_guest_attempt *a); /* OOM_NEXT_BOOT */
enum oom_next oom_save_greet(struct oom_guest_attempt *a); /* OOM_NEXT_HELLO */
enum oom_next oom_save_seal(struct oom_guest_attempt *a); /* OOM_NEXT_SEAL */

#endif
