// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"
#include "harness/guest/cache/cache.h"
#include "harness/say/say.h"
#include "harness/undo/undo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct options {
	int dry;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->dry = 1;
		return 0;
	case ARGP_KEY_ARG:
		oom_say_usage(state, "takes no argument: '%s'", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_rows[] = {
	{"dry-run", 'n', NULL, 0, "Only print what would be undone", 0},
	{0},
};

static const struct argp argp = {
	.options = option_rows,
	.parser = parse,
	.doc = "Undoes what killed runs left behind: scopes, processes, mounts, swap, sysctls, "
	       "files, and abandoned folders of the cache. What belongs to a run that is still "
	       "active is left alone.",
};

static void say(const char *what)
{
	oom_say(stdout, "%s\n", what);
}

static int run(int argc, char **argv)
{
	struct options options = {0};
	struct oom_err err = {0};
	int count, r;

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (oom_say_parse(&argp, argc, argv, &options))
		return OOM_EXIT_USAGE;
	count = oom_undo_cleanup(options.dry, say, &err);
	r = oom_guest_cleanup(options.dry, say, count < 0 ? NULL : &err);
	count = count < 0 || r < 0 ? -1 : count + r;
	if (fflush(stdout) == EOF)
		oom_say(stderr, "oomgate: cannot write: %s\n", strerror(errno));
	if (count < 0) {
		oom_say(stderr, "oomgate: %s\n", err.msg);
		return OOM_EXIT_BROKEN;
	}
	if (!count)
		fputs("oomgate: nothing was left behind\n", stderr);
	return OOM_EXIT_OK;
}

const struct oom_command oom_cmd_cleanup = {
	.name = "cleanup",
	.help = "undo what a killed run left behind",
	.argp = &argp,
	.run = run,
};
