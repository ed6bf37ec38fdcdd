/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_EXPLAIN_H
#define OOM_EXPLAIN_H

#include "lib/base/err.h"
#include "lib/klog/klog.h"
#include "lib/record/incident.h"

#include <stdbool.h>
#include <stdio.h>

/* ---- where a log comes from (source.c, journal.c, live.c) ------------------ */

struct explain_source {
	oom_klog_read *read;
	void (*close)(void *context);
	/* Records that were overwritten before they were read; NULL: none can be. */
	int64_t (*lost)(const void *context);
	void *context;
	const char *name; /* for messages */
	int plain_fd; /* of a regular file as it is, -1: of anything else */
	int (*seek)(void *context, off_t offset); /* where read() goes on; NULL without .plain_fd */
};

/* A file or "-", plain or compressed (gzip, xz, zstd, bzip2, lz4). */
int explain_open_file(const char *path, struct oom_err *err, struct explain_source *ret);
/* The journal of this machine: @boot 0 this boot, -1 the one before, …; @since_us: realtime, 0: all. */
int explain_open_journal(int boot, bool all_boots, uint64_t since_us, struct oom_err *err,
	struct explain_source *ret);
/* What /dev/kmsg says from now on; ends when @stop_fd can be read. */
int explain_open_live(int stop_fd, struct oom_err *err, struct explain_source *ret);

/* A point in time as journalctl --since takes it (systemd.time(7)): "2025-08-12 03:54[:03]", "03:54",
 * "today", "yesterday", "now", "-2h", "1h 30min ago", "@1754963643"; in µs since 1970. -EINVAL. */
int explain_parse_since(const char *text, uint64_t now_us, uint64_t *ret_us);

/* ---- what is said about it -------------------------------------------------------------------------- */

/* Events that are told at the end: bounded, and what is beyond the bound is counted. */
#define EXPLAIN_NOTES 256
struct explain_note {
	int64_t line, time_us;
	char *text;
};
struct explain_notes {
	struct explain_note notes[EXPLAIN_NOTES];
	size_t n;
	int64_t total;
};

struct explain_end {
	const struct oom_klog_counts *counts;
	const struct explain_notes *panics, *unfinished, *signals, *unrecognised;
	const char *damage; /* why the log could not be read to its end; NULL: it was */
	const char *gaps; /* what was not read before its end; NULL: nothing */
	int64_t lost; /* records, as explain_source.lost() */
	int64_t kills;
};

struct explain_writer;

/* What a form says about a part of a log, as bytes that only the form knows. */
struct explain_part {
	char *data;
	size_t len, size;
	int rc; /* -ENOMEM */
};
void explain_part_add(struct explain_part *part, const void *data, size_t len);

/* One form of the answer: a const struct at the end of its file, and a line in explain_formats[]. */
struct explain_format {
	const char *name, *help;
	unsigned flags; /* of oom_klog_new() */
	size_t rank; /* how many of the ranking it shows; 0: none */
	int (*open)(FILE *out, struct explain_writer **ret); /* -ENOMEM */
	void (*kill)(struct explain_writer *w, const struct oom_incident *incident,
		const struct oom_kill *kill);
	void (*end)(struct explain_writer *w, const struct explain_end *end);
	void (*flush)(struct explain_writer *w); /* a pause of a live log */
	/*
	 * A log that is read in parts: a writer that puts the kills of one into @part, and the taking up of what
	 * stands there, in the order of the log, with the lines @shift further on. NULL: it is read in one.
	 */
	int (*part_open)(struct explain_part *part, struct explain_writer **ret);
	void (*part_take)(struct explain_writer *w, const struct explain_part *part, int64_t shift);
	int (*close)(struct explain_writer *w); /* 0 or the -errno of writing */
};

extern const struct explain_format explain_text, explain_json, explain_html, explain_summary;
enum { EXPLAIN_FORMATS_MAX = 8 };
extern const struct explain_format *const explain_formats[]; /* table.c; NULL at the end */

/* Words that the forms share (words.c); texts are allocated, NULL without memory. */

/* "198.4M", "-" for what is not known; @buf is returned. */
const char *explain_kib(int64_t kib, char buf[static 16]);
/* What happened, in one sentence. */
char *explain_sentence(const struct oom_incident *incident, const struct oom_kill *kill);
/* What the victim held; what its death can free and what not. */
char *explain_held(const struct oom_kill *kill);
char *explain_freed(const struct oom_incident *incident, const struct oom_kill *kill);
/* Where the memory was: name and size pairs, largest first. */
struct explain_share {
	const char *name;
	int64_t kib;
};
size_t explain_memory(const struct oom_incident *incident, struct explain_share *ret, size_t max);
/* What to do, a sentence each, at most @max. */
size_t explain_advice(
	const struct oom_incident *incident, const struct oom_kill *kill, char **ret, size_t max);
/* What the invoker was doing, by its stack: "reading a file"; NULL where the stack does not tell. */
const char *explain_path(const struct oom_incident *incident);
/* What of the log was not read although it was read on: lines longer than the bound, lost records; NULL:
 * nothing. */
char *explain_gaps(int64_t cut_lines, int64_t lost);
/* The request: "an order-0 allocation (GFP_KERNEL) by x (7)"; NULL where the log does not say. */
char *explain_request(const struct oom_incident *incident, const struct oom_kill *kill);
/* @text with control characters and terminal escapes made visible, invalid UTF-8 replaced. */
char *explain_printable(const char *text);
/* asprintf() that yields NULL without memory. */
char *explain_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
