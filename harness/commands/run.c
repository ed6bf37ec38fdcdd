// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/folder.h"
#include "harness/campaign/inputs.h"
#include "harness/campaign/kept.h"
#include "harness/campaign/machine.h"
#include "harness/campaign/report_place.h"
#include "harness/campaign/seed.h"
#include "harness/commands/command.h"
#include "harness/guest/image/check.h"
#include "harness/guest/image/suite.h"
#include "harness/host/process.h"
#include "harness/say/say.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

static void say(void *ctx, const char *line)
{
	oom_progress_say(ctx, line);
}

/* The names of --guest, or the one that is meant without. */
static int parse_guests(struct oom_run_command *c, struct oom_err *err)
{
	struct oom_run_options *o = &c->options;
	static const char fallback[] = OOM_SUITE_DEFAULT;
	int r = 0;

	if (o->place == OOM_PLACE_LOCAL)
		return 0;
	if (!o->n_guests)
		o->guests[o->n_guests++] = fallback;
	c->specs = oom_arena_alloc(&c->arena, o->n_guests * sizeof(*c->specs));
	if (!c->specs)
		return oom_err_set(err, ENOMEM, "no memory for guests");
	for (size_t i = 0; r >= 0 && i < o->n_guests; i++) {
		for (size_t j = 0; j < i; j++)
			if (!strcmp(o->guests[i], o->guests[j]))
				return oom_err_set(
					err, EEXIST, "the guest '%s' is given twice", o->guests[i]);
		r = oom_guest_spec_parse(&c->arena, o->guests[i], err, &c->specs[i]);
	}
	return r;
}

/* Which reports, to where; those that this run itself has no place for are told now. */
static int parse_formats(struct oom_run_command *c, struct oom_err *err)
{
	const struct oom_run_options *o = &c->options;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < o->n_formats; i++)
		r = oom_report_outs_add(&c->reports, o->formats[i], err);
	if (r >= 0 && !o->n_formats)
		r = oom_report_outs_add(&c->reports, "text", err);
	/* what is written to a file is read later, by others */
	for (size_t i = 0; i < c->reports.count; i++)
		c->reports.items[i].only_bad = o->quiet && !c->reports.items[i].path;
	return r;
}

/* Whatever is read from a path that the user named. NULL without memory. */
static const struct oom_report_input *named_inputs(struct oom_run_command *c, size_t *ret_count)
{
	const struct oom_run_options *o = &c->options;
	struct oom_report_input *inputs =
		oom_arena_alloc(&c->arena, (o->n_paths + 3 * o->n_guests + 1) * sizeof(*inputs));
	size_t n = 0;

	if (!inputs)
		return NULL;
	for (size_t i = 0; i < o->n_paths; i++)
		inputs[n++] = (struct oom_report_input){o->paths[i], true};
	for (size_t i = 0; c->specs && i < o->n_guests; i++) {
		const char *const paths[] = {
			c->specs[i].kernel, c->specs[i].modules, c->specs[i].image};

		for (size_t p = 0; p < 3; p++)
			if (paths[p] && strncmp(paths[p], "debian:", 7) != 0)
				inputs[n++] = (struct oom_report_input){paths[p], false};
	}
	if (o->config_dir)
		inputs[n++] = (struct oom_report_input){o->config_dir, false};
	*ret_count = n;
	return inputs;
}

static int check_reports(struct oom_run_command *c, struct oom_err *err)
{
	static const char *const here[] = {OOM_MACHINE_HERE};
	const struct oom_run_options *o = &c->options;
	struct oom_report_places places = {.run_dir = o->output_dir,
		.made = true,
		.machines = o->guests,
		.n_machines = o->n_guests};

	if (o->place == OOM_PLACE_LOCAL) {
		places.machines = here;
		places.n_machines = 1;
	}
	places.inputs = named_inputs(c, &places.n_inputs);
	return places.inputs
		? oom_report_outs_check(&c->reports, &places, err)
		: oom_err_set(err, ENOMEM, "no memory for the paths of the command line");
}

/* All that the user named, looked at before anything is built, fetched, made or started: what is wrong here is
 * wrong with the command line. */
static int check_inputs(struct oom_run_command *c, struct oom_err *err)
{
	const struct oom_run_options *o = &c->options;
	int r = 0;

	for (size_t i = 0; r >= 0 && c->specs && i < o->n_guests; i++)
		r = oom_guest_spec_check(&c->specs[i], err);
	if (r >= 0 && o->config_dir)
		r = oom_guest_config_check(o->config_dir, err);
	if (r < 0 || o->dry_run)
		return r;
	r = oom_folder_check(o, err);
	if (r >= 0)
		r = oom_seed_settle(&c->options, err);
	return r < 0 ? r : check_reports(c, err);
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
		oom_say(stdout, "%s\t%s\t%u\n", c->jobs[i].scenario->id,
			c->run->machines[c->jobs[i].machine].id, c->jobs[i].attempt);
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
	size_t n[OOM_VERDICT_COUNT_];

	for (int v = 0; v < OOM_VERDICT_COUNT_; v++)
		n[v] = c->progress.counts[v] + c->kept.counts[v];
	if (c->interrupted)
		return OOM_EXIT_INTERRUPTED;
	if (n[OOM_FAIL])
		return OOM_EXIT_FAILED;
	if (n[OOM_BROKEN] || n[OOM_INCONCLUSIVE] || c->progress.done < c->n_jobs)
		return OOM_EXIT_BROKEN;
	return n[OOM_SKIPPED] == c->n_jobs + c->kept.count ? OOM_EXIT_SKIPPED : OOM_EXIT_OK;
}

static int complain(struct oom_run_command *c, const struct oom_err *err, int status)
{
	oom_progress_clear(c);
	oom_say(stderr, "oomgate: %s\n", err->msg);
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
		r = oom_inputs_open(c, err);
	if (r >= 0)
		r = oom_plan_build(c, err);
	if (r >= 0)
		r = oom_journal_open(c, err);
	if (r >= 0 && c->options.resume && !c->progress.done && !c->stale.planned)
		oom_progress_say(
			c, "no attempt has ended there yet: the run starts from the beginning");
	return r;
}

/* From the command line to what is to be done. 0, or -errno; -EBADMSG: all is said already. */
static int read_inputs(struct oom_run_command *c, struct oom_err *err)
{
	const struct oom_run_options *o = &c->options;
	int r = oom_run_options_check(o, err);

	if (r >= 0)
		r = parse_formats(c, err);
	if (r >= 0)
		r = parse_guests(c, err);
	if (r >= 0)
		r = check_inputs(c, err);
	if (r < 0)
		return r == -EBADMSG ? -EINVAL : r;
	return oom_scenario_set_load(o->paths, o->n_paths, o->tag_expr, err, &c->set);
}

static int run_dry(struct oom_run_command *c)
{
	struct oom_err err = {0};

	if (name_machines(c) < 0 || oom_plan_build(c, &err) < 0)
		return complain(c, &err, OOM_EXIT_BROKEN);
	dry_run(c);
	return OOM_EXIT_OK;
}

/* What went wrong on the way to the first attempt. What can be told of an input only now (a module that had to be
 * unpacked, a variable of the environment) is a wrong input all the same: nothing was started. */
static int prepare_status(int r)
{
	return r == -EINTR		       ? OOM_EXIT_INTERRUPTED
		: r == -EINVAL || r == -EEXIST ? OOM_EXIT_USAGE
					       : OOM_EXIT_BROKEN;
}

/* The story: scenarios in, machines, plan, journal, attempts, record, reports. */
static int run_steps(struct oom_run_command *c)
{
	struct oom_err err = {0}, why = {0};
	uint64_t begin_us;
	int r = read_inputs(c, &err);

	if (r < 0)
		return r == -EBADMSG ? OOM_EXIT_USAGE : complain(c, &err, OOM_EXIT_USAGE);
	c->run->seed = (int64_t)c->options.seed;
	if (c->options.dry_run)
		return run_dry(c);
	r = prepare(c, &err);
	if (r < 0)
		return complain(c, &err, prepare_status(r));
	oom_progress_open(c);
	begin_us = (uint64_t)oom_realtime_us();
	c->run->start_realtime_us = (int64_t)begin_us;
	r = c->guests ? oom_run_jobs_guests(c, &err) : oom_run_jobs_local(c, &err);
	c->interrupted = r == -EINTR;
	c->run->duration_us = oom_realtime_us() - (int64_t)begin_us;
	oom_progress_clear(c);
	if (r < 0 && r != -EINTR)
		complain(c, &err, OOM_EXIT_BROKEN);
	if (oom_journal_finish(c, &why) < 0 || oom_folder_note_reports(c, &why) < 0 ||
		oom_report_outs_write(&c->reports, c->run, c->dir, &why) < 0)
		return complain(c, &why, OOM_EXIT_BROKEN);
	return r < 0 && r != -EINTR ? OOM_EXIT_BROKEN : exit_status(c);
}

static int cmd_run(int argc, char **argv)
{
	struct oom_run_command c = {.journal_fd = -1, .signal_fd = -1};
	int status = OOM_EXIT_BROKEN;

	c.options.seed = (uint64_t)time(NULL);
	if (oom_say_parse(&oom_run_argp, argc, argv, &c.options))
		return OOM_EXIT_USAGE;
	c.run = oom_run_new();
	if (c.run) {
		c.run->version = OOMGATE_VERSION;
		status = run_steps(&c);
	}
	for (size_t i = 0; i < c.n_jobs; i++)
		if (!c.jobs[i].entry.len)
			oom_attempt_free(c.jobs[i].entry.attempt);
	if (c.guests)
		oom_guest_host_close(c.guests);
	oom_run_free(c.run);
	oom_scenario_set_release(&c.set);
	oom_folder_release(&c);
	oom_kept_release(&c);
	oom_closep(&c.journal_fd);
	oom_closep(&c.signal_fd);
	oom_arena_release(&c.arena);
	return status;
}

const struct oom_command oom_cmd_run = {
	.name = "run",
	.help = "run scenarios and judge them",
	.argp = &oom_run_argp,
	.run = cmd_run,
};
