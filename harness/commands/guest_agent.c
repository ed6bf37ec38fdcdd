// SPDX-License-Identifier: LGPL-2.1-or-later
/* Hidden: what a guest's systemd starts. One attempt, run as on any machine with '--in scope'. */
#include "harness/attempt/attempt.h"
#include "harness/campaign/schema.h"
#include "harness/commands/command.h"
#include "harness/guest/agent/agent.h"
#include "harness/host/file.h"
#include "harness/host/libexec.h"
#include "harness/say/say.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define REHEARSAL_DIR "/run/oomgate-rehearsal"
enum { KEEP_HEAP_BYTES = 4 << 20 };

/* The host has checked the file: a mistake here is one of ours, or of another version of oomgate. */
static int parse_job(
	const struct oom_guest_job *job, struct oom_err *err, struct oom_scenario **ret)
{
	struct oom_diags diags = {0};
	int r = oom_scenario_parse(
		oom_schema(), job->id, job->path, job->text, strlen(job->text), &diags, ret);

	if (r && diags.count)
		oom_err_set(err, -r, "%s:%u:%u: %s", diags.items[0].path, diags.items[0].place.line,
			diags.items[0].place.col, diags.items[0].msg);
	else if (r)
		oom_err_errno(err, -r, "cannot read '%s'", job->path);
	oom_diags_release(&diags);
	return r;
}

static char token[OOM_TOKEN_BYTES]; /* of the rehearsal, whose slice the attempt takes over */

static int run_attempt(const struct oom_guest_job *job, bool machine_ends, struct oom_err *err,
	struct oom_attempt **ret)
{
	struct oom_local_options options = {
		.backend = &oom_backend_scope,
		.machine = job->machine,
		.attempt = job->attempt,
		.seed = job->seed,
		.timeout_us = job->timeout_us,
		.token = token,
		.evidence_dir = job->evidence_dir,
		.in_guest = true,
		.machine_ends = machine_ends,
		.allow_host_oom = true,
		.signal_fd = -1,
	};
	struct oom_scenario *scenario;
	int r = parse_job(job, err, &scenario);

	if (r)
		return r;
	r = oom_attempt_run_local(scenario, &options, ret);
	if (r)
		oom_err_errno(err, -r, "the attempt produced no record");
	oom_scenario_free(scenario);
	return r;
}

static int run_job(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret)
{
	return run_attempt(job, true, err, ret);
}

/* Into the page cache: it need not come from the disk in each restored guest. */
static void read_in(const char *path)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
}

/* Whatever this program is mapped from (proc_pid_maps(5)). */
static void read_in_program(void)
{
	oom_autofclose FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128], path[PATH_MAX], last[PATH_MAX] = "";

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*s %*s %*s %*s %*s %4095s", path) != 1 || *path != '/' ||
			!strcmp(path, last))
			continue;
		snprintf(last, sizeof(last), "%s", path);
		read_in(path);
	}
}

/*
 * What most attempts do, done once: then the pages of this process are there and mapped, the kernel has caches for
 * cgroups and pipes, systemd has the slice. How it ends is of no matter: the attempt itself will tell.
 */
static void rehearse(void)
{
	static const char text[] = "[Scenario]\nSettle=1ms\n"
				   "[Scope stage]\nMemoryMax=64M\nMemorySwapMax=0\n"
				   "[Workload rehearsal]\nType=anon\nSize=1M\n"
				   "[Expect rehearsal]\nExitCode=0\n";
	const struct oom_guest_job job = {.id = "rehearsal",
		.path = "rehearsal",
		.text = text,
		.machine = "guest",
		.attempt = 1,
		.evidence_dir = REHEARSAL_DIR};
	oom_autofree char *json_text = NULL;
	struct oom_attempt *record;
	struct oom_err err = {0};
	json_t *json;

	if (mkdir(REHEARSAL_DIR, 0700) < 0)
		oom_err_errno(&err, errno, "cannot create '%s'", REHEARSAL_DIR);
	if (err.code || run_attempt(&job, false, &err, &record) < 0) {
		oom_say(stderr, "oomgate: cannot rehearse an attempt: %s\n", err.msg);
		return;
	}
	json = oom_attempt_to_json(record);
	json_text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	oom_attempt_free(record);
	oom_tree_remove(REHEARSAL_DIR);
}

/* What an attempt would do, whatever its scenario; what fails here is tried again there, and told. */
static void prepare(void)
{
	char workload[PATH_MAX];
	struct oom_err err;

	if (!oom_libexec_find("oomgate-workload", &err, workload, sizeof(workload)))
		read_in(workload);
	read_in_program();
	/* what is given back here is wanted again */
	mallopt(M_TRIM_THRESHOLD, KEEP_HEAP_BYTES);
	mallopt(M_MMAP_THRESHOLD, KEEP_HEAP_BYTES);
	oom_attempt_token(token);
	rehearse();
	oom_backend_scope.prepare(&err);
}

static const struct oom_guest_service service = {.prepare = prepare, .run = run_job};

static const struct argp argp = {
	.args_doc = "PORT",
	.doc = "Serves attempts over a virtio-serial port ('auto' finds it). Started by oomgate's "
	       "own unit in a guest; not useful elsewhere.",
};

static int run(int argc, char **argv)
{
	int r;

	if (argc != 2) {
		oom_say(stderr, "oomgate: guest-agent needs a port\n");
		return OOM_EXIT_USAGE;
	}
	/* started by a loader of its own it would be called after that, and sign what it sends so */
	prctl(PR_SET_NAME, "oomgate");
	r = oom_guest_agent(argv[1], &service);
	oom_say(stderr, "oomgate: the guest's agent ends: %s\n", strerror(-r));
	return OOM_EXIT_BROKEN;
}

const struct oom_command oom_cmd_guest_agent = {
	.name = "guest-agent",
	.help = "serve attempts in a guest",
	.argp = &argp,
	.run = run,
	.hidden = true,
};
