/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_REPORT_H
#define OOM_REPORT_H

#include "lib/record/record.h"

#include <stdio.h>

/*
 * A report is a pure function of a run's record: the same record and options give the same bytes. It
 * reads no file, asks no clock and knows nothing of how the run was made.
 *
 * Whatever a record holds may have been chosen by a hostile process: names and messages pass through
 * reports/escape.h, and no control character but the line feed (and, where asked, colours) gets out.
 */
struct oom_report_options {
	bool color; /* SGR sequences, for a terminal */
	bool utf8; /* the reader understands UTF-8; else the output is ASCII */
	bool to_file; /* written to a file of its own, not into a stream with other output */
	unsigned width; /* columns of the terminal: what is longer is cut; 0: it is no terminal */
	unsigned
		wrap; /* without a width: tables go on in the next line after so many columns; 0: never */
	unsigned
		name_width; /* oom_report_line(): columns of the widest scenario id; 0: a fair guess */
	bool only_bad; /* text: scenarios that passed everywhere are not listed */
	bool show_machine; /* oom_report_line(): the run has several machines */
	bool show_attempt; /* oom_report_line(): the run repeats its scenarios */
	const char *run_dir; /* the run's folder as a user would type it; NULL: unknown */
	const char *workspace; /* the repository's folder, for paths in it; NULL: unknown */
};

/* One const struct at the end of its own file and one line in reports.def. Copy lava.c. */
struct oom_report {
	const char *name; /* --format NAME */
	const char *help; /* one line */
	bool append; /* a FILE that is there is written on, not replaced: others write to it, too */
	bool commands; /* lines that begin with "::" are its own, for who reads standard output */
	/* 0, -ENOMEM, or why an attempt could not be read. Errors of @out are the caller's to find: ferror(), fflush(). */
	int (*write)(
		const struct oom_run *run, const struct oom_report_options *options, FILE *out);
};

#define REPORT(ident) extern const struct oom_report oom_report_##ident;
#include "reports/reports.def"
#undef REPORT

extern const struct oom_report *const oom_reports[]; /* NULL at the end */
const struct oom_report *oom_report_find(const char *name); /* NULL: no such format */

/*
 * The one line printed as an attempt ends, line feed included:
 *   pass  memcg/anon-over-cap        1.3s  hog killed by kernel-memcg at 198.4M · neighbour survived
 * What is not a pass shows its reason instead. 0 or -ENOMEM.
 */
int oom_report_line(
	const struct oom_attempt *attempt, const struct oom_report_options *options, FILE *out);

/* A run under way, for a terminal's status line. */
struct oom_report_progress {
	size_t done, total;
	size_t count[OOM_VERDICT_COUNT_]; /* of those done */
	const char *const *running; /* ids of the scenarios under way */
	size_t n_running;
};

/* "12/40 · 3 fail · running memcg/x, cow/y", cut to options->width, without line feed or control
 * characters (the caller clears the line before). @buf is returned, empty without memory. */
const char *oom_report_progress(const struct oom_report_progress *progress,
	const struct oom_report_options *options, char *buf, size_t size);

#endif
