// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/campaign.h"
#include "harness/say/say.h"
#include "lib/base/choice.h"
#include "lib/scenario/key.h"

#include <errno.h>
#include <string.h>

enum {
	OPT_IN = 256,
	OPT_GUEST,
	OPT_CONFIG,
	OPT_REPEAT,
	OPT_TAG,
	OPT_SEED,
	OPT_TIMEOUT,
	OPT_RESUME,
	OPT_KEEP,
	OPT_DRY_RUN,
	OPT_ALLOW,
	OPT_ACCEL,
	OPT_OVERWRITE,
	OPT_EVIDENCE,
};

static const struct argp_option options[] = {
	{"in", OPT_IN, "PLACE", 0,
		"Where to run: guest, scope, cgroup, or auto (default: auto, which means guest)",
		0},
	{"guest", OPT_GUEST, "NAME", 0,
		"Guest: debian:SUITE or "
		"kernel=PATH[,modules=DIR][,image=NAME|FILE.qcow2|FILE.raw]; repeat it for a "
		"matrix (default: debian:bookworm)",
		0},
	{"config", OPT_CONFIG, "DIR", 0, "Folder that is laid over the guest's root", 0},
	{"accel", OPT_ACCEL, "ACCEL", 0,
		"kvm, tcg, or auto (default): KVM if a probe guest boots with it", 0},
	{"repeat", OPT_REPEAT, "N", 0,
		"Number of attempts per scenario (default: its Repeat=, else 1)", 0},
	{"jobs", 'j', "N", 0, "Number of guests at once (default: what cores and memory allow)", 0},
	{"tag", OPT_TAG, "EXPR", 0, "Only scenarios with these tags: 'memcg,!slow', 'smoke+memcg'",
		0},
	{"seed", OPT_SEED, "N", 0, "Seed for everything random (default: from the clock; recorded)",
		0},
	{"timeout", OPT_TIMEOUT, "T", 0, "Deadline of each attempt, instead of its Timeout=", 0},
	{"format", 'f', "F[:FILE]", 0,
		"Write report F to standard output or FILE; may be repeated (default: text)", 0},
	{"output", 'o', "DIR", 0, "Folder of the run's record (default: oomgate-run-DATE-TIME)", 0},
	{"resume", OPT_RESUME, NULL, 0,
		"Continue the run in --output, with its seed: finished attempts are kept", 0},
	{"overwrite", OPT_OVERWRITE, NULL, 0,
		"Replace the run in --output: everything it wrote is removed", 0},
	{"evidence", OPT_EVIDENCE, "WHICH", 0,
		"Which attempts keep their raw evidence: all (default), failed, or sample: those "
		"and the first of each scenario on each machine",
		0},
	{"keep", OPT_KEEP, NULL, 0,
		"Keep each guest's console, QEMU log and command line, and print where ('oomgate cleanup' removes them)",
		0},
	{"dry-run", OPT_DRY_RUN, NULL, 0, "Print what would be run, and start nothing", 0},
	{"allow-host-oom", OPT_ALLOW, NULL, 0,
		"Run on this host even what could take it down (with --in scope or cgroup)", 0},
	{"verbose", 'v', NULL, 0,
		"Also print when each attempt begins, its seed and where its evidence goes", 0},
	{"quiet", 'q', NULL, 0, "Print only what did not pass, and the summary", 0},
	{0},
};

/* What a command line of 'run' can be, and what has no effect then. */
enum { IN_GUEST = 1, ON_HOST = 2, DRY = 4, NO_OUTPUT = 8, RESUMES = 16, IS_QUIET = 32 };

static const struct oom_usage_situation situations[] = {
	{ON_HOST, "on this host: it applies to guests; drop it, or use --in guest"},
	{IN_GUEST,
		"in a guest, which may run out of memory anyway; drop it, or use --in scope or "
		"cgroup"},
	{NO_OUTPUT, "without --output DIR, the folder of an earlier run"},
	{DRY, "with --dry-run, which starts and writes nothing; drop one of them"},
	{RESUMES, "with --resume, which keeps what exists; drop one of them"},
	{IS_QUIET, "with --quiet, which prints less; drop one of them"},
	{0},
};

static const struct oom_usage_option effects[] = {
	{OPT_GUEST, ON_HOST},
	{OPT_CONFIG, ON_HOST},
	{OPT_ACCEL, ON_HOST | DRY},
	{'j', ON_HOST | DRY},
	{OPT_EVIDENCE, DRY},
	{OPT_KEEP, ON_HOST | DRY},
	{OPT_ALLOW, IN_GUEST | DRY},
	{OPT_SEED, DRY},
	{OPT_TIMEOUT, DRY},
	{'f', DRY},
	{OPT_RESUME, NO_OUTPUT | DRY},
	{OPT_OVERWRITE, NO_OUTPUT | DRY | RESUMES},
	{'o', DRY},
	{'v', DRY | IS_QUIET},
	{'q', DRY},
	{0},
};

static const struct oom_usage usage = {options, situations, effects};

enum { NAMES_MAX = 16 };

static const char *const accelerators[] = {"auto", "kvm", "tcg"};

static int parse_place(struct oom_run_options *o, const char *text, struct oom_err *err)
{
	const char *names[NAMES_MAX] = {"auto", "guest"};
	size_t count = 2;

	for (const struct oom_backend *const *b = oom_backends; *b && count < NAMES_MAX; b++)
		names[count++] = (*b)->name;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text))
			continue;
		o->place = i == 0 ? OOM_PLACE_AUTO : i == 1 ? OOM_PLACE_GUEST : OOM_PLACE_LOCAL;
		o->backend = oom_backend_find(text);
		return 0;
	}
	return oom_choice_unknown(err, "place of --in", text, names, count);
}

static int parse_accel(struct oom_run_options *o, const char *text, struct oom_err *err)
{
	size_t count = sizeof(accelerators) / sizeof(accelerators[0]);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(accelerators[i], text))
			o->accel = text;
	return o->accel == text ? 0
				: oom_choice_unknown(err, "accelerator", text, accelerators, count);
}

static int parse_evidence(struct oom_run_options *o, const char *text, struct oom_err *err)
{
	size_t i = 0;

	while (oom_evidence_words[i] && strcmp(oom_evidence_words[i], text))
		i++;
	if (!oom_evidence_words[i])
		return oom_choice_unknown(err, "choice of --evidence", text, oom_evidence_words, i);
	o->evidence = (enum oom_evidence_kept)i;
	return 0;
}

static int parse_word(struct oom_run_options *o, int key, const char *text, struct oom_err *err)
{
	return key == OPT_IN	   ? parse_place(o, text, err)
		: key == OPT_ACCEL ? parse_accel(o, text, err)
				   : parse_evidence(o, text, err);
}

static void add_text(struct argp_state *state, const char **array, size_t *count, size_t max,
	const char *text, const char *option)
{
	if (*count == max)
		oom_say_usage(state, "more than %zu %s options", max, option);
	else
		array[(*count)++] = text;
}

/* More attempts of a scenario than anybody makes, and more guests than slots (jobs.c). */
enum { REPEAT_MOST = 1000000, JOBS_MOST = 64 };

static int64_t parse_number(
	struct argp_state *state, const char *option, const char *text, int64_t min, int64_t max)
{
	int64_t n = 0;

	if (oom_parse_int(text, &n) < 0 || n < min || n > max)
		oom_say_usage(state, "%s needs a whole number from %lld to %lld, not '%s'", option,
			(long long)min, (long long)max, text);
	return n;
}

static bool parse_flag(struct oom_run_options *o, int key)
{
	switch (key) {
	case OPT_RESUME:
		return o->resume = true;
	case OPT_OVERWRITE:
		return o->overwrite = true;
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
	struct oom_err err = {0};

	oom_usage_note(&o->given, &usage, key);
	switch (key) {
	case OPT_IN:
	case OPT_ACCEL:
	case OPT_EVIDENCE:
		if (parse_word(o, key, text, &err) < 0)
			oom_say_usage(state, "%s", err.msg);
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
	case OPT_REPEAT:
		o->repeat = (unsigned)parse_number(state, "--repeat", text, 1, REPEAT_MOST);
		break;
	case 'j':
		o->jobs = (unsigned)parse_number(state, "--jobs", text, 1, JOBS_MOST);
		break;
	case OPT_TAG:
		o->tag_expr = text;
		break;
	case OPT_SEED:
		o->seed = (uint64_t)parse_number(state, "--seed", text, 0, INT64_MAX);
		o->seed_given = true;
		break;
	case OPT_TIMEOUT:
		if (oom_parse_duration(text, &o->timeout_us) < 0 || !o->timeout_us)
			oom_say_usage(state, "--timeout needs a duration (30s), not '%s'", text);
		break;
	case 'o':
		o->output_dir = text;
		break;
	case ARGP_KEY_ARGS:
		o->paths = (const char **)state->argv + state->next;
		o->n_paths = (size_t)(state->argc - state->next);
		break;
	case ARGP_KEY_NO_ARGS:
		oom_say_usage(state, "name a scenario file or a folder of them");
		break;
	default:
		return parse_flag(o, key) ? 0 : ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp oom_run_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "PATH...",
	.doc = "Runs scenario files, or all below a folder, and judges them.\vExit status: 0 all "
	       "passed, 1 something failed, 2 usage, scenario or input error (nothing was "
	       "started), 3 broken or inconclusive, 77 everything was skipped, 130 interrupted.",
};

int oom_run_options_check(const struct oom_run_options *o, struct oom_err *err)
{
	return oom_usage_check(&usage, &o->given,
		(o->place == OOM_PLACE_LOCAL ? ON_HOST : IN_GUEST) | (o->dry_run ? DRY : 0) |
			(o->output_dir ? 0 : NO_OUTPUT) | (o->resume ? RESUMES : 0) |
			(o->quiet ? IS_QUIET : 0),
		err);
}
