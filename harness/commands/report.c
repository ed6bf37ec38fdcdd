// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/report_out.h"
#include "harness/campaign/report_place.h"
#include "harness/commands/command.h"
#include "harness/say/say.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct arguments {
	const char *run;
	struct oom_report_outs outs;
};

static const struct argp_option options[] = {
	{"format", 'f', "F[:FILE]", 0,
		"Write report F to standard output or FILE; may be repeated ('oomgate list "
		"formats')",
		0},
	{0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct oom_err err;

	switch (key) {
	case 'f':
		if (oom_report_outs_add(&arguments->outs, arg, &err) < 0)
			oom_say_usage(state, "%s", err.msg);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->run)
			oom_say_usage(state, "more than one RUN: '%s'", arg);
		arguments->run = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		oom_say_usage(state, "missing RUN: name the folder of a run, or its run.json");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "RUN",
	.doc = "Renders a finished run again. RUN is the folder of a run, or its run.json.",
};

/* Why a folder has no record, and the way out. */
static void record_missing(const char *dir, struct oom_err *err)
{
	char journal[PATH_MAX];

	snprintf(journal, sizeof(journal), "%s/attempts.jsonl", dir);
	if (!access(journal, F_OK))
		oom_err_set(err, ENOENT,
			"the run in '%s' was interrupted; continue it with 'oomgate run --resume "
			"--output %s'",
			dir, dir);
	else
		oom_err_set(err, ENOENT,
			"no 'run.json' in '%s'; name the folder that 'oomgate run --output' wrote",
			dir);
}

/* Loads RUN and says which folder it lies in (to be freed; NULL for a record that was copied away).
 */
static int run_load(const char *path, struct oom_err *err, char **ret_dir, struct oom_run **ret)
{
	const char *slash = strrchr(path, '/');
	size_t len = strlen(path);
	struct stat st;
	char *dir;
	int r;

	if (stat(path, &st) < 0)
		return oom_err_errno(err, errno, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		while (len > 1 && path[len - 1] == '/')
			len--;
		dir = strndup(path, len);
	} else if (!strcmp(slash ? slash + 1 : path, "run.json")) {
		dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
			    : strdup(".");
	} else {
		return oom_run_load_file(path, err, ret);
	}
	if (!dir)
		return oom_err_set(err, ENOMEM, "out of memory reading '%s'", path);
	r = oom_run_load(dir, err, ret);
	if (r == -ENOENT)
		record_missing(dir, err);
	if (r < 0)
		free(dir);
	else
		*ret_dir = dir;
	return r;
}

static int run_report(int argc, char **argv)
{
	struct arguments arguments = {0};
	oom_autofree char *dir = NULL;
	struct oom_run *run = NULL;
	struct oom_err err = {0};
	struct oom_report_places places = {0};
	struct oom_report_input record = {0};
	int r, status;

	argp_err_exit_status = OOM_EXIT_USAGE;
	oom_say_parse(&argp, argc, argv, &arguments);
	if (!arguments.outs.count)
		oom_report_outs_add(&arguments.outs, "text", NULL);
	r = run_load(arguments.run, &err, &dir, &run);
	record.path = arguments.run;
	places.run_dir = dir;
	places.inputs = &record;
	places.n_inputs = dir ? 0 : 1; /* run.json is the folder's own in any case */
	if (r == 0)
		r = oom_report_outs_check(&arguments.outs, &places, &err);
	/* a path that is none, a record that is damaged, a place that cannot be: wrong input, nothing was done */
	if (r < 0) {
		status = r == -ENOMEM ? OOM_EXIT_BROKEN : OOM_EXIT_USAGE;
	} else {
		r = oom_report_outs_write(&arguments.outs, run, dir, &err);
		/* of a record that changed, or of which no table can be made */
		status = r == -EBADMSG || r == -E2BIG ? OOM_EXIT_USAGE
			: r < 0			      ? OOM_EXIT_BROKEN
						      : OOM_EXIT_OK;
	}
	oom_run_free(run);
	if (r < 0)
		oom_say(stderr, "oomgate report: %s\n", err.msg);
	return status;
}

const struct oom_command oom_cmd_report = {
	.name = "report",
	.help = "render the report of a finished run again",
	.argp = &argp,
	.run = run_report,
};
