/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SPOOL_H
#define OOM_SPOOL_H

/*
 * A file without a name, for what may be larger than memory: in $TMPDIR, else in /var/tmp, because /tmp is
 * often memory itself, else in /tmp; where none has it, in memory (memfd_create(2)). Returns the descriptor,
 * or -errno.
 */
int oom_spool_open(void);

#endif
