/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LIBEXEC_H
#define OOM_LIBEXEC_H

#include "lib/base/err.h"

#include <stddef.h>

/*
 * Finds a program that belongs to oomgate: in $OOMGATE_LIBEXEC (alone, where it is set), the folder
 * of the running program, its ../libexec/oomgate, and LIBEXECDIR/oomgate. -ENOENT names them; @buf
 * is untouched on failure.
 */
int oom_libexec_find(const char *name, struct oom_err *err, char *buf, size_t size);

/*
 * The folder of the scenarios that come with the program: ../scenarios of the running program (a build tree),
 * its ../share/oomgate/scenarios, or DATADIR/oomgate/scenarios. -ENOENT names them; @buf is untouched on failure.
 */
int oom_scenarios_find(struct oom_err *err, char *buf, size_t size);

#endif
