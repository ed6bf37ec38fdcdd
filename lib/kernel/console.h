/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CONSOLE_H
#define OOM_CONSOLE_H

#include "lib/base/span.h"

/*
 * The kernel log as a console shows it with console_msg_format=syslog (kernel/printk/printk.c, record_print_text()):
 * "<3>[   12.345678] text", every line of a record with its own prefix. What stands in the angle brackets is
 * facility and level, as in /dev/kmsg.
 */
struct oom_console_line {
	unsigned prio; /* below 8: the kernel's own; no program can write such a record */
	struct oom_span line; /* all of it, without the end */
	struct oom_span text; /* without prefix and time */
};

/*
 * Takes the next line off the front of @rest. 1, 0 at the end, or -EBADMSG: the line has no prefix, or two of them,
 * or no end; it was taken off, too.
 */
int oom_console_next(struct oom_span *rest, struct oom_console_line *ret);

#endif
