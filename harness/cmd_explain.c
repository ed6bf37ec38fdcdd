// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/command.h"

#include "harness/explain.h"
#include "lib/arena.h"
#include "lib/cleanup.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct explain_options {
	const struct explain_format *format;
	const char *file;
	const char *since;
	bool journal, live, all_boots, boot_given;
	int boot;
};

static const struct explain_format *const formats[] = {
	&explain_text, &explain_json, &explain_html, &explain_summary};

enum { OPT_JOURNAL = 256, OPT_LIVE, OPT_SUMMARY, OPT_SINCE };

static const struct argp_option options[] = {
	{"format", 'f', "FORMAT", 0, "text (a page for each kill), json, html or summary", 0},
	{"summary", OPT_SUMMARY, NULL, 0, "the same as --format=summary: counts of a long log", 0},
	{"journal", OPT_JOURNAL, NULL, 0, "read the journal of this machine instead of a file", 0},
	{"boot", 'b', "N", 0, "with --journal: this boot (0, the default), the one before (-1), … or all", 0},
	{"since", OPT_SINCE, "TIME", 0,
		"with --journal: from \"YYYY-MM-DD[ HH:MM[:SS]]\", \"HH:MM\", \"yesterday\", \"-2h\", "
		"\"1h 30min ago\" or \"@SECONDS\" on; without --boot in every boot", 0},
	{"live", OPT_LIVE, NULL, 0, "follow /dev/kmsg and explain each kill as it happens", 0},
	{0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct explain_options *o = state->input;

	switch (key) {
	case 'f':
		o->format = NULL;
		for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
			if (!strcmp(arg, formats[i]->name))
				o->format = formats[i];
		}
		if (!o->format)
			argp_error(state, "unknown format '%s' (text, json, html, summary)", arg);
		return 0;
	case OPT_SUMMARY:
		o->format = &explain_summary;
		return 0;
	case OPT_JOURNAL:
		o->journal = true;
		return 0;
	case 'b': {
		char *end;
		long boot = strtol(arg, &end, 10);

		o->all_boots = !strcmp(arg, "all");
		if (!o->all_boots && (*end || end == arg || boot > 0 || boot < -63))
			argp_error(state, "'%s' is no boot: 0, -1 … -63, or all", arg);
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
			argp_error(state, "one log at a time: '%s' is one too many (cat joins them)", arg);
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
	.doc = "Reads a kernel log in any form (dmesg, syslog, journal text, JSON or export, raw kmsg, "
	       "serial console; plain or compressed) and explains who was killed for want of memory, and "
	       "why.\vWithout FILE, standard input is read. The exit status is 0 when the log was read to "
	       "its end, 2 when it could not be opened, 3 when only a part could be read.",
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

static int open_source(const struct explain_options *o, struct oom_err *err,
	struct explain_source *ret)
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

		if (o->since && explain_parse_since(o->since, (uint64_t)time(NULL) * 1000000, &since_us))
			return oom_err_set(err, EINVAL,
				"'%s' is no time: \"YYYY-MM-DD HH:MM\", \"yesterday\", \"-2h\"", o->since);
		return explain_open_journal(o->boot, every_boot, since_us, err, ret);
	}
	return explain_open_file(o->file ? o->file : "-", err, ret);
}

static void note(struct explain_notes *notes, const struct oom_incident *incident, char *text)
{
	if (notes->n < EXPLAIN_NOTES && text) {
		notes->notes[notes->n++] = (struct explain_note){
			incident->kill.line, incident->kill.time_us, text};
		text = NULL;
	}
	notes->total++;
	free(text);
}

/* What an invocation without a kill is about. */
static char *unfinished_text(const struct oom_incident *incident)
{
	const struct oom_kill *kill = &incident->kill;

	if (kill->chosen_pid >= 0)
		return explain_printf("%s (pid %" PRId64 ") was chosen",
			kill->chosen_comm ? kill->chosen_comm : "?", kill->chosen_pid);
	return explain_printf("%s invoked the OOM killer",
		kill->invoker_comm ? kill->invoker_comm : "somebody");
}

struct session {
	const struct explain_format *format;
	struct explain_writer *writer;
	struct explain_notes panics, unfinished, signals, unrecognised;
	struct oom_arena arena; /* of the kill that is told */
	int64_t kills;
};

static int tell_kill(struct session *s, const struct oom_incident *incident)
{
	struct oom_kill kill = incident->kill;
	int rc = 0;

	if (s->format->rank) {
		rc = oom_badness_rank(&s->arena, &kill, s->format->rank);
		if (!rc)
			rc = oom_badness_explain(&s->arena, incident, &kill);
	}
	if (!rc)
		s->format->kill(s->writer, incident, &kill);
	s->kills++;
	oom_arena_reset(&s->arena);
	return rc;
}

static int tell(struct session *s, enum oom_event event, const struct oom_incident *incident)
{
	switch (event) {
	case OOM_EVENT_KILL:
		return tell_kill(s, incident);
	case OOM_EVENT_PANIC:
		note(&s->panics, incident, explain_printf("%s", incident->text ? incident->text : ""));
		break;
	case OOM_EVENT_UNFINISHED:
		note(&s->unfinished, incident, unfinished_text(incident));
		break;
	case OOM_EVENT_SIGNAL:
		note(&s->signals, incident, explain_printf("%s", incident->text ? incident->text : ""));
		break;
	default:
		note(&s->unrecognised, incident,
			explain_printf("%s", incident->text ? incident->text : ""));
		break;
	}
	return 0;
}

/* Reads to the end. 0, or -errno of the source. */
static int read_all(struct session *s, struct oom_klog *log)
{
	for (;;) {
		const struct oom_incident *incident;
		int rc = oom_klog_next(log, &incident);

		if (rc > 0)
			rc = tell(s, (enum oom_event)rc, incident);
		else if (rc == -EAGAIN)
			s->format->flush(s->writer);
		else
			return rc;
		if (rc < 0 && rc != -EAGAIN)
			return rc;
	}
}

static void free_notes(struct explain_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->notes[i].text);
}

static int session_run(struct session *s, struct oom_klog *log, const struct explain_source *source)
{
	struct explain_end end;
	oom_autofree char *gaps = NULL;
	char damage[128];
	int rc = read_all(s, log), written;

	end = (struct explain_end){
		.counts = oom_klog_counts(log),
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
			rc == -EBADMSG ? "the compressed log ends early or is damaged" : strerror(-rc));
		end.damage = damage;
		fprintf(stderr, "oomgate explain: only a part could be read: %s\n", damage);
	}
	s->format->end(s->writer, &end);
	written = s->format->close(s->writer);
	if (written && written != -EPIPE)
		fprintf(stderr, "oomgate explain: cannot write the answer: %s\n", strerror(-written));
	if (is_stopped())
		return OOM_EXIT_INTERRUPTED;
	return rc || written ? OOM_EXIT_BROKEN : OOM_EXIT_OK;
}

static int explain(const struct explain_options *o)
{
	struct session *s = calloc(1, sizeof(*s));
	struct explain_source source;
	struct oom_klog *log = NULL;
	struct oom_err err = {0};
	int status;

	if (!s || open_source(o, &err, &source)) {
		fprintf(stderr, "oomgate explain: %s\n", s ? err.msg : "no memory");
		free(s);
		return OOM_EXIT_USAGE;
	}
	s->format = o->format;
	if (oom_klog_new(source.read, source.context, o->format->flags, &log) ||
		o->format->open(stdout, &s->writer)) {
		fputs("oomgate explain: no memory\n", stderr);
		status = OOM_EXIT_BROKEN;
	} else {
		status = session_run(s, log, &source);
	}
	oom_klog_free(log);
	source.close(source.context);
	free_notes(&s->panics);
	free_notes(&s->unfinished);
	free_notes(&s->signals);
	free_notes(&s->unrecognised);
	oom_arena_release(&s->arena);
	free(s);
	return status;
}

static int run(int argc, char **argv)
{
	struct explain_options o = {.format = &explain_text};

	argp_err_exit_status = OOM_EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return OOM_EXIT_USAGE;
	if (!!o.file + o.journal + o.live > 1) {
		fputs("oomgate explain: a file, --journal or --live: one of them\n", stderr);
		return OOM_EXIT_USAGE;
	}
	if (!o.journal && (o.boot_given || o.since)) {
		fputs("oomgate explain: --boot and --since need --journal\n", stderr);
		return OOM_EXIT_USAGE;
	}
	if (!o.file && !o.journal && !o.live && isatty(STDIN_FILENO)) {
		fputs("oomgate explain: name a log file, '-', --journal or --live\n", stderr);
		return OOM_EXIT_USAGE;
	}
	return explain(&o);
}

const struct oom_command oom_cmd_explain = {
	.name = "explain",
	.help = "autopsy of a kernel log: who was killed, and why",
	.argp = &argp,
	.run = run,
};
