/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_COMMAND_H
#define OOM_COMMAND_H

#include <argp.h>
#include <stdbool.h>

/* Exit statuses of every command (oomgate(1)). */
enum oom_exit {
	OOM_EXIT_OK = 0,
	OOM_EXIT_FAILED = 1, /* something failed, or behaviour changed */
	OOM_EXIT_USAGE = 2, /* usage or scenario error: nothing was started */
	OOM_EXIT_BROKEN = 3, /* broken environment, or inconclusive */
	OOM_EXIT_SKIPPED = 77, /* everything was skipped */
	OOM_EXIT_INTERRUPTED = 130 /* and everything undone */
};

/*
 * A command is one const struct at the end of its own file (NAME.c) and one line in
 * commands.def. Help, completion and the manual page's synopsis come from here.
 */
struct oom_command {
	const char *name;
	const char *help; /* one line */
	const struct argp *argp; /* options; run() parses with it */
	int (*run)(int argc, char **argv); /* returns an enum oom_exit; argv[0] is "oomgate NAME" */
	bool hidden; /* of no use to a person: not in help and completion */
};

#define COMMAND(name) extern const struct oom_command oom_cmd_##name;
#include "harness/commands/commands.def"
#undef COMMAND

extern const struct oom_command *const oom_commands[]; /* NULL at the end */

#endif
