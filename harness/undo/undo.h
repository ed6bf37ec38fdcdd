/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNDO_H
#define OOM_UNDO_H

#include "lib/base/err.h"

/*
 * Undo is data: each change to a machine is a line in a synced file before it is made. The list runs
 * backwards at the end of the attempt, on a signal, and in 'oomgate cleanup' (or the next run) after a
 * crash. Undoing what was never done, or was undone before, succeeds.
 */
struct oom_undo;

/* Opens a list of this process in the run-time directory (/run/oomgate, else $XDG_RUNTIME_DIR/oomgate,
 * else /tmp/oomgate-UID; $OOMGATE_RUNTIME overrides). */
int oom_undo_open(struct oom_err *err, struct oom_undo **ret);
/* Appends "KIND ARG…" and syncs. KIND is a row of undo.def: process, session, unit, cgroup, mount, sysctl,
 * trace, tree, file, swap, swapon. Arguments may hold any byte. Without a list (NULL) the arguments are checked and
 * nothing is noted: where a machine ends with its attempt nobody would read it. */
int oom_undo_add(struct oom_undo *undo, struct oom_err *err, const char *kind, ...)
	__attribute__((sentinel));
/* Undoes everything in reverse order. The first failure is in @err, the rest is still undone and what failed stays
 * in the list. */
int oom_undo_run(struct oom_undo *undo, struct oom_err *err);
/* Runs what is left and removes the file. */
int oom_undo_close(struct oom_undo *undo, struct oom_err *err);

/* Lists left by processes that are gone: undoes them; counts entries. With @dry only counts and names
 * them through @say (may be NULL). */
int oom_undo_cleanup(int dry, void (*say)(const char *what), struct oom_err *err);

#endif
