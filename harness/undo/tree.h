/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNDO_TREE_H
#define OOM_UNDO_TREE_H

#include "lib/base/err.h"

/* Is @path a place where oomgate may remove what it made: strictly below the run-time directory,
 * /run, /tmp, /var/tmp, /dev/shm, $TMPDIR or $XDG_RUNTIME_DIR, symbolic links resolved? */
int oom_undo_path_allowed(const char *path, struct oom_err *err);

#endif
