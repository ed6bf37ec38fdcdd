// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/command.h"
#include "harness/say.h"

#include <stdio.h>
#include <string.h>

static void usage(FILE *out)
{
	fputs("Usage: oomgate COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "When Linux runs out of memory: who dies, who killed it, how fast, and who survives?\n\n",
		out);
	for (const struct oom_command *const *c = oom_commands; *c; c++)
		if (!(*c)->hidden)
			oom_say(out, "  %-9s %s\n", (*c)->name, (*c)->help);
	fputs("\n'oomgate COMMAND --help' lists a command's options; see oomgate(1).\n", out);
}

int main(int argc, char **argv)
{
	argp_err_exit_status = OOM_EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return OOM_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return OOM_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("oomgate " OOMGATE_VERSION);
		return OOM_EXIT_OK;
	}
	for (const struct oom_command *const *c = oom_commands; *c; c++) {
		if (!strcmp(argv[1], (*c)->name)) {
			char name[64];

			snprintf(name, sizeof(name), "oomgate %s", (*c)->name);
			argv[1] = name;
			return (*c)->run(argc - 1, argv + 1);
		}
	}
	oom_say(stderr, "oomgate: unknown command '%s' ('oomgate --help' lists them)\n", argv[1]);
	return OOM_EXIT_USAGE;
}
