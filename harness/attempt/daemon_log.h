/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_DAEMON_LOG_H
#define OOM_DAEMON_LOG_H

#include "lib/record/record.h"

/*
 * What the daemon that sent @sent wrote to the journal about it: the first line since @since_us (CLOCK_REALTIME)
 * that has the victim's pid, or one of @names (its unit; NULL at the end). Into @buf; false: there is none, or the
 * journal cannot be read (sd-journal(3)).
 */
bool oom_daemon_log(const struct oom_signal_rec *sent, const char *const *names, uint64_t since_us,
	char *buf, size_t size);
/* Does @line have @word, with no letter, digit or '_' right before or behind it? */
bool oom_line_has(const char *line, size_t len, const char *word);

#endif
