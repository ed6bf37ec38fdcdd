// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/commands/command.h"
#include "harness/explain/read.h"
#include "harness/explain/session.h"
#include "harness/say/say.h"
#include "harness/say/usage.h"
#include "lib/base/choice.h"
#include "lib/base/cleanup.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct explain_options {
	struct oom_usage_given given;
	const struct explain_format *format;
	const char *file;
	const char *since;
	bool summary, journal, live, all_boots, boot_given;
	int boot;
};

enum { OPT_JOURNAL = 256, OPT_LIVE, OPT_SUMMARY, OPT_SINCE };

static const struct argp_option options[] = {
	{"format", 'f', "FORMAT", 0, "Format: text (a page for each kill), json, html or summary",
		0},
	{"summary", OPT_SUMMARY, NULL, 0, "Same as --format=summary: counts, for a long log", 0},
	{"journal", OPT_JOURNAL, NULL, 0, "Read this machine's journal instead of a file", 0},
	{"boot", 'b', "N", 0,
		"With --journal: this boot (0, the default), the one before (-1) and so on to -63, or all",
		0},
	{"since", OPT_SINCE, "TIME", 0,
		"With --journal: from \"YYYY-MM-DD[ HH:MM[:SS]]\", \"HH:MM\", \"yesterday\", \"-2h\", "
		"\"1h 30min ago\" or \"@SECONDS\" on; without --boot in every boot",
		0},
	{"live", OPT_LIVE, NULL, 0, "Follow /dev/kmsg and explain each kill as it happens", 0},
	{0},
};

enum { READS_FILE = 1, FOLLOWS = 2, NO_JOURNAL = 4, OTHER_FORM = 8 };

static const struct oom_usage usage = {
	options,
	(const struct oom_usage_situation[]){
		{READS_FILE, "with a log file: one log at a time; drop one of them"},
		{FOLLOWS, "with --live: one log at a time; drop one of them"},
		{NO_JOURNAL, "without --journal: it selects entries of the journal"},
		{OTHER_FORM, "with --format, which selects another format; drop one of them"},
		{0},
	},
	(const struct oom_usage_option[]){
		{OPT_JOURNAL, READS_FILE | FOLLOWS},
		{OPT_LIVE, READS_FILE},
		{'b', NO_JOURNAL},
		{OPT_SINCE, NO_JOURNAL},
		{OPT_SUMMARY, OTHER_FORM},
		{0},
	},
};

static int check_usage(const struct explain_options *o, struct oom_err *err)
{
	bool other_form = oom_usage_has(&o->given, &usage, 'f') && o->format != &explain_summary;

	return oom_usage_check(&usage, &o->given,
		(o->file ? READS_FILE : 0) | (o->live ? FOLLOWS : 0) |
			(o->journal ? 0 : NO_JOURNAL) | (other_form ? OTHER_FORM : 0),
		err);
}

static void parse_format(struct explain_options *o, const char *name, struct argp_state *state)
{
	const char *names[EXPLAIN_FORMATS_MAX];
	struct oom_err err = {0};
	size_t count = 0;

	o->format = NULL;
	for (; count < EXPLAIN_FORMATS_MAX && explain_formats[count]; count++) {
		names[count] = explain_formats[count]->name;
		if (!strcmp(name, names[count]))
			o->format = explain_formats[count];
	}
	if (!o->format) {
		oom_choice_unknown(&err, "format", name, names, count);
		oom_say_usage(state, "%s", err.msg);
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct explain_options *o = state->input;

	oom_usage_note(&o->given, &usage, key);
	switch (key) {
	case 'f':
		parse_format(o, arg, state);
		return 0;
	case OPT_SUMMARY:
		o->summary = true;
		return 0;
	case OPT_JOURNAL:
		o->journal = true;
		return 0;
	case 'b': {
		char *end;
		long boot = strtol(arg, &end, 10);

		o->all_boots = !strcmp(arg, "all");
		if (!o->all_boots && (*end || end == arg || boot > 0 || boot < -63))
			oom_say_usage(state, "'%s' is not a boot: 0, -1 to -63, or all", arg);
		o->boot = (int)boot;
		o->boot_given = true;
		return 0;
	}
	case OPT_SINCE:
		o->since = arg;
		return 0;
	case OPT_LIVE:
		o->live = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->file)
			oom_say_usage(state,
				"one log at a time: '%s' is one too many (join them with cat)",
				arg);
		o->file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[FILE|-]",
	.doc = "Reads a kernel log in any form (dmesg, syslog, journal text, JSON or export, raw "
	       "kmsg, serial console; plain or compressed) and explains what was killed because "
	       "memory ran out, and why.\vWithout FILE, standard input is read. The exit status is "
	       "0 when the log was read to its end, 2 when it could not be opened, 3 when only a "
	       "part could be read.",
};

/* Of --live: counts the signals that end it, so that none comes between a look and a wait. */
static int stop_fd = -1;

static void on_signal(int signal)
{
	int e = errno;

	(void)signal;
	eventfd_write(stop_fd, 1);
	errno = e;
}

static bool is_stopped(void)
{
	eventfd_t count;

	return stop_fd >= 0 && !eventfd_read(stop_fd, &count);
}

static int open_source(
	const struct explain_options *o, struct oom_err *err, struct explain_source *ret)
{
	if (o->live) {
		struct sigaction action = {.sa_handler = on_signal};

		stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (stop_fd < 0)
			return oom_err_errno(err, errno, "cannot wait for signals");
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		return explain_open_live(stop_fd, err, ret);
	}
	if (o->journal) {
		bool every_boot = o->all_boots || (o->since && !o->boot_given);
		uint64_t since_us = 0;

		if (o->since &&
			explain_parse_since(o->since, (uint64_t)time(NULL) * 1000000, &since_us))
			return oom_err_set(err, EINVAL,
				"'%s' is not a time: \"YYYY-MM-DD HH:MM\", \"yesterday\", \"-2h\"",
				o->since);
		return explain_open_journal(o->boot, every_boot, since_us, err, ret);
	}
	return explain_open_file(o->file ? o->file : "-", err, ret);
}

static int session_run(struct explain_session *s, struct explain_source *source)
{
	struct explain_end end;
	oom_autofree char *gaps = NULL;
	char damage[128];
	struct oom_klog_counts counts = {0};
	int rc = explain_read(s, source, &counts), written;

	end = (struct explain_end){
		.counts = &counts,
		.panics = &s->panics,
		.unfinished = &s->unfinished,
		.signals = &s->signals,
		.unrecognised = &s->unrecognised,
		.kills = s->kills,
		.lost = source->lost ? source->lost(source->context) : 0,
	};
	end.gaps = gaps = explain_gaps(end.counts->cut_lines, end.lost);
	if (rc) {
		snprintf(damage, sizeof(damage), "%s",
			rc == -EBADMSG ? "the compressed log ends early or is damaged"
				       : strerror(-rc));
		end.damage = damage;
		oom_say(stderr, "oomgate explain: only part of the log could be read: %s\n",
			damage);
	}
	s->format->end(s->writer, &end);
	written = s->format->close(s->writer);
	if (written && written != -EPIPE)
		oom_say(stderr, "oomgate explain: cannot write the explanation: %s\n",
			strerror(-written));
	if (is_stopped())
		return OOM_EXIT_INTERRUPTED;
	return rc || written ? OOM_EXIT_BROKEN : OOM_EXIT_OK;
}

static int explain(const struct explain_options *o)
{
	struct explain_session *s = calloc(1, sizeof(*s));
	struct explain_source source;
	struct oom_err err = {0};
	int status;

	if (!s || open_source(o, &err, &source)) {
		oom_say(stderr, "oomgate explain: %s\n", s ? err.msg : "no memory");
		free(s);
		return OOM_EXIT_USAGE;
	}
	s->format = o->format;
	if (o->format->open(stdout, &s->writer)) {
		fputs("oomgate explain: no memory\n", stderr);
		status = OOM_EXIT_BROKEN;
	} else {
		status = session_run(s, &source);
	}
	source.close(source.context);
	explain_session_release(s);
	free(s);
	return status;
}

static int run(int argc, char **argv)
{
	struct explain_options o = {.format = &explain_text};
	struct oom_err err = {0};

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (oom_say_parse(&argp, argc, argv, &o))
		return OOM_EXIT_USAGE;
	if (check_usage(&o, &err) < 0) {
		oom_say(stderr, "oomgate explain: %s\n", err.msg);
		return OOM_EXIT_USAGE;
	}
	if (o.summary)
		o.format = &explain_summary;
	if (!o.file && !o.journal && !o.live && isatty(STDIN_FILENO)) {
		fputs("oomgate explain: name a log file, '-', --journal or --live\n", stderr);
		return OOM_EXIT_USAGE;
	}
	return explain(&o);
}

const struct oom_command oom_cmd_explain = {
	.name = "explain",
	.help = "autopsy of a kernel log: what was killed, and why",
	.argp = &argp,
	.run = run,
};
