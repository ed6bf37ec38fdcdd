// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"
#include "harness/say/say.h"
#include "lib/base/choice.h"

#include <stdio.h>
#include <string.h>

static void usage(FILE *out)
{
	fputs("Usage: oomgate COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Tests what happens when Linux runs out of memory: which process dies,\n"
	      "what killed it, how fast, and what survives.\n\n",
		out);
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!(*c)->hidden)
			oom_say(out, "  %-9s %s\n", (*c)->name, (*c)->help);
	fputs("\nRun 'oomgate COMMAND --help' for the options of a command; see oomgate(1).\n",
		out);
}

static const struct oom_command *command_find(const char *name)
{
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!strcmp(name, (*c)->name))
			return *c;
	return NULL;
}

static int command_unknown(const char *name)
{
	static const char *const more[] = {"help", "--help", "--version"};
	const char *names[32];
	struct oom_err err = {0};
	size_t count = 0;

	for (const struct oom_command *const *c = oom_commands; *c && count < 29; c++)
		if (!(*c)->hidden)
			names[count++] = (*c)->name;
	for (size_t i = 0; i < 3; i++)
		names[count++] = more[i];
	oom_choice_unknown(&err, "command", name, names, count);
	oom_say(stderr, "oomgate: %s\n", err.msg);
	return OOM_EXIT_USAGE;
}

static int command_run(const struct oom_command *command, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "oomgate %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

/* 'oomgate help run' is 'oomgate run --help'. */
static int help(int argc, char **argv)
{
	const struct oom_command *command;
	char option[] = "--help", *args[] = {NULL, option, NULL};

	if (argc == 2) {
		usage(stdout);
		return OOM_EXIT_OK;
	}
	command = command_find(argv[2]);
	if (!command)
		return command_unknown(argv[2]);
	if (argc > 3) {
		oom_say(stderr, "oomgate: '%s' has no effect: help takes one command\n", argv[3]);
		return OOM_EXIT_USAGE;
	}
	return command_run(command, 2, args);
}

int main(int argc, char **argv)
{
	const struct oom_command *command;

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return OOM_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(argc, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		if (argc > 2) {
			oom_say(stderr, "oomgate: '%s' has no effect with '%s'\n", argv[2],
				argv[1]);
			return OOM_EXIT_USAGE;
		}
		puts("oomgate " OOMGATE_VERSION);
		return OOM_EXIT_OK;
	}
	command = command_find(argv[1]);
	return command ? command_run(command, argc - 1, argv + 1) : command_unknown(argv[1]);
}
