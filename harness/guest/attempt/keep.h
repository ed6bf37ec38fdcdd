/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_KEEP_H
#define OOM_ATTEMPT_KEEP_H

#include "harness/guest/attempt/attempt.h"
#include "harness/guest/vm/qemu.h"

/* With --keep: writes down how QEMU is started with @files. Without memory it is not kept. */
void oom_attempt_note_command(struct oom_guest_attempt *a, const struct oom_vm_files *files);

/* With --keep: puts what a person looks at (console, qemu.log, command: a line for each start of QEMU, the scenario)
 * into a folder that stays, *@ret; NULL: nothing is to be kept, or QEMU was never started. Call it when the
 * attempt is over, before it is freed: *@ret lives as long. */
int oom_guest_attempt_keep(struct oom_guest_attempt *a, struct oom_err *err, const char **ret);

#endif
