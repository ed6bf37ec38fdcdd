/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXEC_LINE_H
#define OOM_EXEC_LINE_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

/* What stands before the program, "Command lines" of systemd.service(5). */
enum oom_exec_flag {
	OOM_EXEC_IGNORE_FAILURE = 1 << 0, /* - */
	OOM_EXEC_NO_ENV_EXPAND = 1 << 1, /* : */
	OOM_EXEC_PRIVILEGED = 1 << 2, /* + */
	OOM_EXEC_NO_SETUID = 1 << 3, /* ! */
	OOM_EXEC_AMBIENT = 1 << 4, /* !! */
};

/* One command line: what is to be run, and what it is told. */
struct oom_exec {
	const char *path; /* absolute, or a name to be looked for */
	const char **argv;
	size_t argc;
	unsigned flags; /* enum oom_exec_flag */
};

/*
 * The commands of an ExecStart=, separated by a ';' of its own ("\;" is a word ';'), each with its
 * prefixes (@ - : + ! !!). 0, -EINVAL with a sentence and its place in @text, -ENOMEM.
 */
int oom_exec_line_parse(struct oom_arena *arena, const char *text, struct oom_err *err,
	struct oom_exec **ret_items, size_t *ret_count);

/* Does @text name a program, by an absolute path or a plain name, as a command line of oom_word_read() without
 * prefixes? As above. */
int oom_command_check(struct oom_arena *arena, const char *text, struct oom_err *err);

#endif
