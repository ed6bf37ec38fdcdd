// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/scenario_set.h"
#include "harness/commands/command.h"
#include "harness/say/say.h"
#include "harness/say/usage.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

struct options {
	struct oom_usage_given given;
	bool effective;
	const char *tag_expr;
	char **paths;
	int n_paths;
};

enum { OPT_EFFECTIVE = 256, OPT_TAG };

static const struct argp_option argp_options[] = {
	{"effective", OPT_EFFECTIVE, NULL, 0, "Print each scenario with every default", 0},
	{"tag", OPT_TAG, "EXPR", 0, "With --effective: only scenarios with these tags", 0},
	{0},
};

enum { CHECKS_ONLY = 1 };

static const struct oom_usage usage = {
	argp_options,
	(const struct oom_usage_situation[]){
		{CHECKS_ONLY,
			"without --effective: all scenarios are checked; add it, or drop --tag"},
		{0},
	},
	(const struct oom_usage_option[]){{OPT_TAG, CHECKS_ONLY}, {0}},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	oom_usage_note(&o->given, &usage, key);
	switch (key) {
	case OPT_EFFECTIVE:
		o->effective = true;
		break;
	case OPT_TAG:
		o->tag_expr = arg;
		break;
	case ARGP_KEY_ARGS:
		o->paths = state->argv + state->next;
		o->n_paths = state->argc - state->next;
		break;
	case ARGP_KEY_NO_ARGS:
		oom_say_usage(state, "name a scenario file or a folder");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	argp_options,
	parse_option,
	"PATH...",
	"Reads scenario files, or all below a folder, and prints every mistake with its place. "
	"Starts nothing.\vExit status: 0 no mistakes, 2 mistakes.",
	NULL,
	NULL,
	NULL,
};

/* Where a value has what no terminal should get, the text is for people, and no scenario to be read. */
static int print_scenario(const struct oom_scenario *scenario)
{
	oom_autofree char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	int r = memory ? oom_scenario_print(scenario, memory) : -ENOMEM;

	if (memory && fclose(memory) && r == 0)
		r = -ENOMEM;
	if (r == 0)
		oom_say_lines(stdout, text);
	return r;
}

static int print_effective(const struct oom_scenario_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->count > 1)
			oom_say(stdout, "%s==> %s <==\n", i ? "\n" : "", set->scenarios[i]->id);
		if (print_scenario(set->scenarios[i]) < 0)
			return -EIO;
	}
	return fflush(stdout) ? -EIO : 0;
}

static int run(int argc, char **argv)
{
	struct options options = {0};
	struct oom_scenario_set set = {0};
	struct oom_err err = {0};
	int r, status = OOM_EXIT_OK;

	if (oom_say_parse(&argp, argc, argv, &options))
		return OOM_EXIT_USAGE;
	r = oom_usage_check(&usage, &options.given, options.effective ? 0 : CHECKS_ONLY, &err);
	if (r == 0)
		r = oom_scenario_set_load((const char *const *)options.paths,
			(size_t)options.n_paths, options.tag_expr, &err, &set);
	if (r == -EBADMSG)
		return OOM_EXIT_USAGE;
	if (r < 0) {
		oom_say(stderr, "oomgate: %s\n", err.msg);
		return OOM_EXIT_USAGE;
	}
	if (options.effective && print_effective(&set) < 0) {
		oom_say(stderr, "oomgate: cannot write to standard output\n");
		status = OOM_EXIT_BROKEN;
	} else if (!options.effective) {
		oom_say(stderr, "oomgate: %zu scenario%s, no mistakes\n", set.count,
			set.count == 1 ? "" : "s");
	}
	oom_scenario_set_release(&set);
	return status;
}

const struct oom_command oom_cmd_check = {
	.name = "check",
	.help = "check scenario files: print every mistake, start nothing",
	.argp = &argp,
	.run = run,
};
