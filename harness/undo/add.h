/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNDO_ADD_H
#define OOM_UNDO_ADD_H

#include "harness/undo/undo.h"

#include <stdint.h>
#include <sys/types.h>

/* Undo lines whose arguments have to be read from the machine first. As with oom_undo_add() there may be no list. */

/* Kills the process @pid, told apart by its start time, unless it is gone. */
int oom_undo_add_process(struct oom_undo *undo, pid_t pid, struct oom_err *err);

/* "KIND PID STARTTIME" of a process that lives now. */
int oom_undo_add_started(struct oom_undo *undo, const char *kind, pid_t pid, struct oom_err *err);

/* Kills every process of the session that @pid leads (or is about to: setsid(2)), also when @pid itself
 * is gone: for a program in no cgroup of ours. Who has left the session is not found. */
int oom_undo_add_session(struct oom_undo *undo, pid_t pid, struct oom_err *err);

/*
 * Puts the sysctl @name ("vm.overcommit_memory") back to what it is now. Pairs of which one setting
 * switches off the other (vm.dirty_bytes and vm.dirty_ratio) are put back by the one that is in
 * use. -ENOENT where this kernel has none of that name.
 */
int oom_undo_add_sysctl(struct oom_undo *undo, const char *name, struct oom_err *err);

#endif
