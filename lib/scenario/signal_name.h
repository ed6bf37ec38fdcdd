/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SIGNAL_NAME_H
#define OOM_SIGNAL_NAME_H

#include "lib/base/err.h"

#include <stdint.h>

/*
 * "SIGTERM", "TERM", "15", "RTMIN", "RTMIN+3", "SIGRTMAX-1", as systemd reads signals in unit files
 * (signal_from_string() of src/basic/signal-util.c); upper and lower case differ. -EINVAL, -ERANGE.
 */
int oom_signal_parse(const char *text, int *ret);

/* "SIGKILL", "SIGRTMIN", "SIGRTMIN+3", or the number of a signal that has no name; @buf is returned. */
enum { OOM_SIGNAL_NAME_MAX = 32 };
const char *oom_signal_name(int64_t number, char buf[static OOM_SIGNAL_NAME_MAX]);

/* Fills @err for @text that oom_signal_parse() refuses; -EINVAL. */
int oom_signal_refuse(const char *text, struct oom_err *err);

#endif
