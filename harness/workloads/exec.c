// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/workloads/workload.h"
#include "lib/base/cleanup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int run(struct oom_load *load)
{
	const char *command = oom_load_text(load, "Command", "");
	oom_autofree char **words = NULL;
	char path[PATH_MAX];
	int r = oom_load_split(command, &words);

	if (r || !words[0])
		return oom_load_failed(load,
			"Command='%.60s' is not a command line (missing closing quote)", command);
	r = oom_load_which(words[0], path, sizeof(path));
	if (r)
		return oom_load_failed(load, "cannot run '%.60s': %s", words[0], strerror(-r));
	/* a container's monitor is let loose on purpose: here it stays below, and its kills are known as ours */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	oom_load_gate(load);
	execv(path, words);
	return oom_load_failed(load, "cannot execute '%.60s': %m", path);
}

static const struct oom_key keys[] = {
	{.name = "Command",
		.type = OOM_T_COMMAND,
		.flags = OOM_KEY_REQUIRED,
		.help = "program (a name or an absolute path) and arguments, split and quoted as in "
			"systemd.service(5), but without its prefixes; there is no shell but the "
			"one you name"},
	{NULL},
};

const struct oom_workload oom_workload_exec = {
	.kind = {"exec", "runs a program of your own: its exit status is the workload's", keys,
		"Rate|Touch|Pattern|Count|Hold"},
	.flags = OOM_WORKLOAD_PROGRAM,
	.run = run,
};
