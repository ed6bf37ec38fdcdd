// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/command.h"
#include "harness/machine.h"
#include "harness/run_command.h"
#include "lib/cleanup.h"
#include "lib/key.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

enum {
	OPT_IN = 256, OPT_GUEST, OPT_CONFIG, OPT_REPEAT, OPT_TAG, OPT_SEED, OPT_TIMEOUT, OPT_RESUME,
	OPT_KEEP, OPT_DRY_RUN, OPT_ALLOW, OPT_ACCEL,
};

static const struct argp_option options[] = {
	{"in", OPT_IN, "PLACE", 0,
		"Where: guest, scope, cgroup, or auto (default: auto, which is a guest)", 0},
	{"guest", OPT_GUEST, "NAME", 0,
		"Guest: debian:SUITE or kernel=PATH[,modules=DIR][,image=NAME|PATH.qcow2]; several make a "
		"matrix (default: debian:bookworm)", 0},
	{"config", OPT_CONFIG, "DIR", 0, "Tree that is laid over the guest's root", 0},
	{"accel", OPT_ACCEL, "ACCEL", 0, "kvm, tcg, or auto: KVM where a probe boots (default)", 0},
	{"repeat", OPT_REPEAT, "N", 0, "Attempts of each scenario (default: its Repeat=, else 1)", 0},
	{"jobs", 'j', "N", 0, "Guests at once (default: what cores and memory allow)", 0},
	{"tag", OPT_TAG, "EXPR", 0, "Only scenarios with these tags: 'memcg,!slow', 'smoke+memcg'", 0},
	{"seed", OPT_SEED, "N", 0, "Seed of everything random (default: from the clock; recorded)", 0},
	{"timeout", OPT_TIMEOUT, "T", 0, "Deadline of each attempt instead of its Timeout=", 0},
	{"format", 'f', "F[:FILE]", 0,
		"Report, to standard output or FILE; may be repeated (default: text)", 0},
	{"output", 'o', "DIR", 0, "Folder of the run's record (default: oomgate-run-DATE-TIME)", 0},
	{"resume", OPT_RESUME, NULL, 0, "Go on with the run in --output: finished attempts are kept", 0},
	{"keep", OPT_KEEP, NULL, 0, "Keep each guest's folder for a look", 0},
	{"dry-run", OPT_DRY_RUN, NULL, 0, "Print what would be run, start nothing", 0},
	{"allow-host-oom", OPT_ALLOW, NULL, 0,
		"Run on this very host what could take it down (with --in scope or cgroup)", 0},
	{"verbose", 'v', NULL, 0, "Say what is going on", 0},
	{"quiet", 'q', NULL, 0, "Only what is not a pass", 0},
	{0},
};

static int parse_place(struct oom_run_options *o, const char *text)
{
	if (!strcmp(text, "auto") || !strcmp(text, "guest")) {
		o->place = text[0] == 'a' ? OOM_PLACE_AUTO : OOM_PLACE_GUEST;
		return 0;
	}
	for (const struct oom_backend *const *b = oom_backends; *b; b++) {
		if (!strcmp((*b)->name, text)) {
			o->place = OOM_PLACE_LOCAL;
			o->backend = *b;
			return 0;
		}
	}
	return -EINVAL;
}

static void add_text(struct argp_state *state, const char **array, size_t *count, size_t max,
	const char *text, const char *option)
{
	if (*count == max)
		argp_error(state, "more than %zu %s options", max, option);
	else
		array[(*count)++] = text;
}

static int64_t parse_number(struct argp_state *state, const char *option, const char *text, int64_t min)
{
	int64_t n = 0;

	if (oom_parse_int(text, &n) < 0 || n < min)
		argp_error(state, "%s wants a whole number from %lld, not '%s'", option, (long long)min,
			text);
	return n;
}

static bool parse_flag(struct oom_run_options *o, int key)
{
	switch (key) {
	case OPT_RESUME:
		return o->resume = true;
	case OPT_KEEP:
		return o->keep = true;
	case OPT_DRY_RUN:
		return o->dry_run = true;
	case OPT_ALLOW:
		return o->allow_host_oom = true;
	case 'v':
		return o->verbose = true;
	case 'q':
		return o->quiet = true;
	default:
		return false;
	}
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct oom_run_options *o = state->input;

	switch (key) {
	case OPT_IN:
		if (parse_place(o, text) < 0)
			argp_error(state, "--in is one of auto, guest, scope, cgroup, not '%s'", text);
		break;
	case OPT_GUEST:
		add_text(state, o->guests, &o->n_guests, 32, text, "--guest");
		break;
	case 'f':
		add_text(state, o->formats, &o->n_formats, 16, text, "--format");
		break;
	case OPT_CONFIG:
		o->config_dir = text;
		break;
	case OPT_ACCEL:
		if (strcmp(text, "auto") && strcmp(text, "kvm") && strcmp(text, "tcg"))
			argp_error(state, "--accel is one of auto, kvm, tcg, not '%s'", text);
		o->accel = text;
		break;
	case OPT_REPEAT:
		o->repeat = (unsigned)parse_number(state, "--repeat", text, 1);
		break;
	case 'j':
		o->jobs = (unsigned)parse_number(state, "--jobs", text, 1);
		break;
	case OPT_TAG:
		o->tag_expr = text;
		break;
	case OPT_SEED:
		o->seed = (uint64_t)parse_number(state, "--seed", text, 0);
		break;
	case OPT_TIMEOUT:
		if (oom_parse_duration(text, &o->timeout_us) < 0 || !o->timeout_us)
			argp_error(state, "--timeout wants a duration like 30s, not '%s'", text);
		break;
	case 'o':
		o->output_dir = text;
		break;
	case ARGP_KEY_ARGS:
		o->paths = (const char **)state->argv + state->next;
		o->n_paths = (size_t)(state->argc - state->next);
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name a scenario file or a folder of them");
		break;
	default:
		return parse_flag(o, key) ? 0 : ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "PATH...",
	.doc = "Runs scenario files, or all below a folder, and judges them.\v"
	       "Exit status: 0 all passed, 1 something failed, 2 usage or scenario error and nothing was "
	       "started, 3 broken environment or inconclusive, 77 everything was skipped, 130 interrupted.",
};

static void say(void *ctx, const char *line)
{
	oom_progress_say(ctx, line);
}

/* The names of --guest, or the one that is meant without. */
static int parse_guests(struct oom_run_command *c, struct oom_err *err)
{
	struct oom_run_options *o = &c->options;
	static const char fallback[] = "debian:bookworm";
	int r = 0;

	if (o->place == OOM_PLACE_LOCAL)
		return 0;
	if (!o->n_guests)
		o->guests[o->n_guests++] = fallback;
	c->specs = oom_arena_alloc(&c->arena, o->n_guests * sizeof(*c->specs));
	if (!c->specs)
		return oom_err_set(err, ENOMEM, "no memory for guests");
	for (size_t i = 0; r >= 0 && i < o->n_guests; i++)
		r = oom_guest_spec_parse(&c->arena, o->guests[i], err, &c->specs[i]);
	return r;
}

/* Which machines: this one, or a guest for each --guest. */
static int open_machines(struct oom_run_command *c, struct oom_err *err)
{
	struct oom_run_options *o = &c->options;
	struct oom_guest_options guest = {
		.accel = o->accel ? o->accel : "auto",
		.config_dir = o->config_dir,
		.jobs = (int)o->jobs,
		.keep = o->keep,
		.say = say,
		.say_ctx = c,
	};
	int r;

	if (o->place == OOM_PLACE_LOCAL) {
		r = o->backend->probe(err);
		return r < 0 ? r : oom_machine_describe(o->backend->name, c->run);
	}
	r = oom_guest_host_open(&guest, err, &c->guests);
	for (size_t i = 0; r >= 0 && i < o->n_guests; i++) {
		struct oom_machine_rec *machine = oom_run_add_machine(c->run);

		r = machine ? oom_guest_prepare(c->guests, &c->specs[i], err, machine)
			    : oom_err_set(err, ENOMEM, "no memory for guests");
	}
	return r;
}

static void dry_run(const struct oom_run_command *c)
{
	for (size_t i = 0; i < c->n_jobs; i++)
		printf("%s\t%s\t%u\n", c->jobs[i].scenario->id, c->run->machines[c->jobs[i].machine].id,
			c->jobs[i].attempt);
}

/* Only names: a dry run starts and builds nothing. */
static int name_machines(struct oom_run_command *c)
{
	const struct oom_run_options *o = &c->options;
	size_t n = o->place == OOM_PLACE_LOCAL ? 1 : o->n_guests;

	for (size_t i = 0; i < n; i++) {
		struct oom_machine_rec *machine = oom_run_add_machine(c->run);

		if (!machine)
			return -ENOMEM;
		machine->id = o->place == OOM_PLACE_LOCAL ? o->backend->name : o->guests[i];
	}
	return 0;
}

/* From now on SIGINT and SIGTERM are events, so that everything is undone. */
static int open_signals(struct oom_run_command *c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	c->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->signal_fd < 0 ? -errno : 0;
}

static int exit_status(const struct oom_run_command *c)
{
	const size_t *n = c->progress.counts;

	if (c->interrupted)
		return OOM_EXIT_INTERRUPTED;
	if (n[OOM_FAIL])
		return OOM_EXIT_FAILED;
	if (n[OOM_BROKEN] || n[OOM_INCONCLUSIVE] || c->progress.done < c->n_jobs)
		return OOM_EXIT_BROKEN;
	return n[OOM_SKIPPED] == c->n_jobs ? OOM_EXIT_SKIPPED : OOM_EXIT_OK;
}

static int complain(struct oom_run_command *c, const struct oom_err *err, int status)
{
	oom_progress_clear(c);
	fprintf(stderr, "oomgate: %s\n", err->msg);
	return status;
}

/* What must be there before the first attempt. An image may be built here, which a signal ends, too. */
static int prepare(struct oom_run_command *c, struct oom_err *err)
{
	int r = open_signals(c);

	if (r < 0)
		return oom_err_errno(err, -r, "cannot wait for signals");
	r = oom_undo_cleanup(0, NULL, err);
	if (r >= 0)
		r = open_machines(c, err);
	if (r >= 0)
		r = oom_plan_build(c, err);
	return r < 0 ? r : oom_journal_open(c, err);
}

/* The story: scenarios in, machines, plan, journal, attempts, record, reports. */
static int run_steps(struct oom_run_command *c)
{
	const struct oom_run_options *o = &c->options;
	struct oom_err err = {0}, why = {0};
	uint64_t begin_us;
	int r;

	for (size_t i = 0; i < o->n_formats; i++)
		if (oom_report_outs_add(&c->reports, o->formats[i], &err) < 0)
			return complain(c, &err, OOM_EXIT_USAGE);
	if (!o->n_formats)
		oom_report_outs_add(&c->reports, "text", NULL);
	r = oom_scenario_set_load(o->paths, o->n_paths, o->tag_expr, &err, &c->set);
	if (r < 0)
		return r == -EBADMSG ? OOM_EXIT_USAGE : complain(c, &err, OOM_EXIT_USAGE);
	if (parse_guests(c, &err) < 0)
		return complain(c, &err, OOM_EXIT_USAGE);
	if (o->dry_run) {
		if (name_machines(c) < 0 || oom_plan_build(c, &err) < 0)
			return complain(c, &err, OOM_EXIT_BROKEN);
		dry_run(c);
		return OOM_EXIT_OK;
	}
	r = prepare(c, &err);
	if (r < 0)
		return complain(c, &err, r == -EINTR ? OOM_EXIT_INTERRUPTED : OOM_EXIT_BROKEN);
	oom_progress_open(c);
	begin_us = (uint64_t)oom_realtime_us();
	c->run->start_realtime_us = (int64_t)begin_us;
	r = c->guests ? oom_run_jobs_guests(c, &err) : oom_run_jobs_local(c, &err);
	c->interrupted = r == -EINTR;
	c->run->duration_us = oom_realtime_us() - (int64_t)begin_us;
	oom_progress_clear(c);
	if (r < 0 && r != -EINTR)
		complain(c, &err, OOM_EXIT_BROKEN);
	if (oom_journal_finish(c, &why) < 0 || oom_report_outs_write(&c->reports, c->run, c->dir, &why) < 0)
		return complain(c, &why, OOM_EXIT_BROKEN);
	return r < 0 && r != -EINTR ? OOM_EXIT_BROKEN : exit_status(c);
}

static int cmd_run(int argc, char **argv)
{
	struct oom_run_command c = {.journal_fd = -1, .signal_fd = -1};
	int status = OOM_EXIT_BROKEN;

	c.options.seed = (uint64_t)time(NULL);
	if (argp_parse(&argp, argc, argv, 0, NULL, &c.options))
		return OOM_EXIT_USAGE;
	c.run = oom_run_new();
	if (c.run) {
		c.run->version = OOMGATE_VERSION;
		c.run->seed = (int64_t)c.options.seed;
		status = run_steps(&c);
	}
	for (size_t i = 0; i < c.n_jobs; i++)
		if (!c.jobs[i].entry.len)
			oom_attempt_free(c.jobs[i].entry.attempt);
	if (c.guests)
		oom_guest_host_close(c.guests);
	oom_run_free(c.run);
	oom_scenario_set_release(&c.set);
	oom_closep(&c.journal_fd);
	oom_closep(&c.signal_fd);
	oom_arena_release(&c.arena);
	return status;
}

const struct oom_command oom_cmd_run = {
	.name = "run",
	.help = "run scenario files or folders; the main job",
	.argp = &argp,
	.run = cmd_run,
};
