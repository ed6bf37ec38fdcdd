/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CACHE_TOOL_H
#define OOM_CACHE_TOOL_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

#include <stdbool.h>

/* Is one of SIGINT, SIGTERM, SIGHUP pending, where they are blocked for a caller's signalfd? Waits so long
 * for it, and leaves it pending. */
bool oom_interrupted_within(int timeout_ms);
/* The last @max bytes of a log, unprintables and blanks at the end dropped, in one line. */
char *oom_log_tail(struct oom_arena *arena, const char *path, size_t max);
/* Runs @argv to its end, output to @log; @input (may be NULL) on its stdin. Non-zero exits are errors
 * that quote the log's last line. The tool dies with us. */
int oom_tool_run(const char *const argv[], const char *input, const char *log, struct oom_err *err);

#endif
