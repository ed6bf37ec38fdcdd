// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/klog/klog.h"

#include "lib/klog/assembly.h"
#include "lib/klog/entry.h"
#include "lib/klog/field.h"
#include "lib/klog/incident.h"
#include "lib/klog/input.h"
#include "lib/klog/joint.h"
#include "lib/klog/json.h"
#include "lib/klog/scan.h"
#include "lib/klog/stamp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Lines that are looked at one by one where entries of many lines were seen. */
#define ENTRY_LINES 2000

struct oom_klog {
	struct oom_klog_input input;
	/* the line under way, and where its next part begins: records may be joined on one line */
	bool has_line;
	bool pausing; /* the source has nothing for now, which the caller is not told of yet */
	struct oom_klog_line line;
	int64_t number;
	size_t part;
	bool joined; /* by a relay, at line feeds */
	/* a record of /dev/kmsg waits for its continuations; two texts, used in turn */
	bool held;
	struct oom_klog_line held_line;
	int64_t held_number;
	int held_turn;
	char held_text[2][OOM_CARRY_BYTES];
	int entry_lines; /* > 0: among entries of many lines */
	bool broken; /* at the last pause a line was broken off */
	struct oom_klog_counts counts, before; /* as asked for; of what is not counted */
	struct oom_klog_entry entry;
	struct oom_klog_like like; /* the front of a line before */
	char *scratch; /* of a JSON line */
	struct oom_assembly assembly;
};

int oom_klog_new(oom_klog_read *read, void *context, unsigned flags, struct oom_klog **ret)
{
	struct oom_klog *log = calloc(1, sizeof(*log));

	if (!log)
		return -ENOMEM;
	log->scratch = malloc(OOM_LINE_BYTES + 64);
	if (oom_klog_input_init(&log->input, read, context) || !log->scratch) {
		oom_klog_free(log);
		return -ENOMEM;
	}
	oom_assembly_init(&log->assembly, flags);
	oom_klog_entry_clear(&log->entry);
	*ret = log;
	return 0;
}

struct oom_klog *oom_klog_free(struct oom_klog *log)
{
	if (!log)
		return NULL;
	oom_assembly_release(&log->assembly);
	oom_klog_input_release(&log->input);
	free(log->scratch);
	free(log);
	return NULL;
}

const struct oom_klog_counts *oom_klog_counts(const struct oom_klog *log)
{
	struct oom_klog_counts *counts = &((struct oom_klog *)(uintptr_t)log)->counts;
	const struct oom_klog_counts *seen = &log->assembly.counts, *before = &log->before;

	counts->lines = log->input.number - 1 - before->lines;
	counts->bytes = log->input.bytes - before->bytes;
	counts->cut_lines = log->input.cut_lines - before->cut_lines;
	counts->quoted = seen->quoted - before->quoted;
	counts->imitations = seen->imitations - before->imitations;
	counts->repeats = seen->repeats - before->repeats;
	return counts;
}

/* @marks: of the text, or of the raw line that it is a part of; 0: not known yet. */
static void give(
	struct oom_klog *log, const struct oom_klog_line *line, unsigned marks, int64_t number)
{
	if (line != &log->line)
		log->line = *line;
	log->line.marks = marks & OOM_MARK_KNOWN
		? marks
		: oom_klog_marks(line->text.at, line->text.at + line->text.len);
	log->number = number;
	log->part = 0;
	log->has_line = true;
}

void oom_klog_part_begin(struct oom_klog *log, int64_t line, const struct oom_klog_past *past)
{
	log->input.number = line;
	log->before.lines = line - 1;
	if (past)
		log->assembly.past = *past;
}

bool oom_klog_part_mark(struct oom_klog *log, const struct oom_klog_past *past)
{
	log->before = log->assembly.counts;
	log->before.lines = log->input.number - 1;
	log->before.bytes = log->input.bytes;
	log->before.cut_lines = log->input.cut_lines;
	log->assembly.n_deaths = 0;
	if (past)
		log->assembly.past = *past;
	return !log->broken;
}

void oom_klog_part_past(const struct oom_klog *log, struct oom_klog_past *ret)
{
	*ret = log->assembly.past;
}

bool oom_klog_part_join(const struct oom_klog *log, struct oom_klog_past *past)
{
	const struct oom_assembly *a = &log->assembly;
	struct oom_klog_past now = *past;

	for (size_t i = 0; i < a->n_deaths && i < OOM_RECENT; i++) {
		if (oom_klog_past_has(&now, a->first + i))
			return false;
		oom_klog_past_add(&now, a->first + i);
	}
	/* more than the ring holds: what was before them is forgotten */
	*past = a->n_deaths > OOM_RECENT ? a->past : now;
	return true;
}

static void give_held(struct oom_klog *log)
{
	if (log->held)
		give(log, &log->held_line, 0, log->held_number);
	log->held = false;
}

/* A record of /dev/kmsg: joined to the one that waits, or made to wait itself. */
static void take_record(struct oom_klog *log, const struct oom_klog_line *line, int64_t number)
{
	struct oom_klog_line *held = &log->held_line;
	char *text = log->held_text[log->held_turn];
	size_t room = sizeof(log->held_text[0]);

	if (log->held && line->continues) {
		size_t len = line->text.len;

		if (len > room - held->text.len)
			len = room - held->text.len;
		memcpy(text + held->text.len, line->text.at, len);
		held->text.len += len;
		return;
	}
	give_held(log);
	log->held_turn = !log->held_turn;
	text = log->held_text[log->held_turn];
	*held = *line;
	held->text = (struct oom_span){text, line->text.len < room ? line->text.len : room};
	memcpy(text, line->text.at, held->text.len);
	log->held_number = number;
	log->held = true;
}

/* Leapt into the middle of an entry, to @raw: back to its first field. Where that is too far to go, who wrote
 * it must be told by a field that is still to come. */
static void back_to_entry(struct oom_klog *log, struct oom_span raw)
{
	log->entry_lines = ENTRY_LINES;
	oom_klog_entry_clear(&log->entry);
	log->entry.has_transport = !oom_klog_input_back(&log->input, raw, oom_klog_is_field);
}

/*
 * "MESSAGE", and in place of "=text" a length and bytes: journal export of what is not plain text. Leapt
 * to, the line before this one says so. Those of other names are passed over: whoever chose their bytes writes
 * no lines of the entry.
 */
static bool take_binary(struct oom_klog *log, struct oom_span raw, int64_t number)
{
	bool message = oom_span_is(raw, OOM_SPAN("MESSAGE"));
	struct oom_klog_line line;

	if (!log->entry_lines && raw.at - log->input.buf >= 9 &&
		!memcmp(raw.at - 9, "\nMESSAGE\n", 9)) {
		raw.at -= 8; /* from the name on */
		back_to_entry(log, raw);
		return true;
	}
	if (!message && (!log->entry_lines || !raw.len || oom_klog_field_name(raw) != raw.len))
		return false;
	line = (struct oom_klog_line){.ident = OOM_SPAN("MESSAGE"), .origin = OOM_ORIGIN_FIELD};
	if (!oom_klog_input_binary(&log->input, &line.text))
		return false;
	if (!message)
		return true;
	oom_klog_entry_field(&log->entry, &line, number);
	log->entry_lines = ENTRY_LINES;
	return true;
}

/* A field of an entry that has many; what is known at its end is given on. */
static void take_field(
	struct oom_klog *log, const struct oom_klog_line *line, struct oom_span raw, int64_t number)
{
	bool message = oom_span_is(line->ident, OOM_SPAN("MESSAGE")) ||
		oom_span_is(line->ident, OOM_SPAN("msg")) ||
		oom_span_is(line->ident, OOM_SPAN("SYSLOG_IDENTIFIER"));

	/* leapt into the middle of an entry: what it says about itself may stand before */
	if (!log->entry_lines && message) {
		back_to_entry(log, raw);
		return;
	}
	oom_klog_entry_field(&log->entry, line, number);
	if (log->entry_lines)
		log->entry_lines = ENTRY_LINES;
}

static void end_entry(struct oom_klog *log)
{
	struct oom_klog_line line;

	if (!log->entry.has_message)
		return;
	log->input.cut_lines += log->entry.cut;
	if (oom_klog_entry_line(&log->entry, &line))
		give(log, &line, 0, log->entry.number);
	log->entry.has_message = false;
}

/* Does this line end an entry of many lines? An empty one, a closing brace, or the next one's head. */
static bool ends_entry(struct oom_span line)
{
	oom_span_skip_blanks(&line);
	oom_span_trim_end(&line);
	return !line.len || *line.at == '}' || *line.at == '{';
}

/* A line that is no record goes after the record that waits; " KEY=value" lines belong to it. */
static bool goes_after_held(struct oom_klog *log, struct oom_span raw)
{
	if (!log->held || !raw.len || *raw.at == ' ' || oom_is_digit(*raw.at))
		return false;
	oom_klog_input_unread(&log->input, raw);
	give_held(log);
	return true;
}

static void take_line(struct oom_klog *log, struct oom_span raw, unsigned marks, int64_t number)
{
	struct oom_klog_line *line = &log->line;

	if (goes_after_held(log, raw))
		return;
	if (raw.len && *raw.at == '{' && oom_klog_frame_json(raw, log->scratch, line)) {
		give(log, line, 0, number);
		return;
	}
	if (log->entry_lines) {
		log->entry_lines--;
		if (ends_entry(raw)) {
			end_entry(log);
			oom_klog_entry_clear(&log->entry);
			return;
		}
	}
	if (take_binary(log, raw, number) || (log->entry_lines && oom_klog_is_short_field(raw)))
		return;
	oom_klog_frame_like(&log->like, raw, line);
	/* the head of the next one: -o verbose has nothing between them */
	if (log->entry.has_message && line->origin != OOM_ORIGIN_FIELD) {
		oom_klog_input_unread(&log->input, raw);
		end_entry(log);
		oom_klog_entry_clear(&log->entry);
		return;
	}
	if (line->kmsg) {
		struct oom_klog_line record = *line; /* giving the one before needs .line */

		take_record(log, &record, number);
	} else if (line->origin == OOM_ORIGIN_FIELD && (!log->held || *raw.at != ' ')) {
		struct oom_klog_line field = *line;

		take_field(log, &field, raw, number);
	} else if (line->origin != OOM_ORIGIN_FIELD) {
		give(log, line, marks, number);
	}
}

/* Stack traces are a good part of every report, and say nothing that is looked for. Not among the rows
 * of a table: a process may be called so. */
static bool is_passed_over(const struct oom_klog *log, unsigned marks)
{
	return (marks & (OOM_MARK_CODE | OOM_MARK_SPEAKS)) == OOM_MARK_CODE && !log->held &&
		!log->entry_lines && oom_assembly_skips_code(&log->assembly);
}

/* The next line that is whole. False: there is none, for now or for good. */
static bool next_line(struct oom_klog *log)
{
	while (!log->has_line) {
		bool leap = !log->held && !log->entry_lines &&
			!oom_assembly_wants_all(&log->assembly, log->input.number);
		struct oom_span raw;
		unsigned marks;
		int64_t number;

		/* of a source that paused, what waits comes first: asked again, it may wait for ever */
		if (!log->pausing &&
			oom_klog_input_line(&log->input, leap, &raw, &number, &marks)) {
			if (!is_passed_over(log, marks))
				take_line(log, raw, marks, number);
			continue;
		}
		log->pausing = log->input.paused;
		log->broken = oom_assembly_is_broken_off(&log->assembly);
		give_held(log);
		if (!log->has_line)
			end_entry(log);
		if (!log->has_line)
			return false;
	}
	return true;
}

/*
 * The part of the line up to the next time stamp within: lines are joined when a program's output or
 * a lost line feed comes between. Only where the kernel itself may be the writer.
 */
static struct oom_klog_line part_of_line(const struct oom_klog *log, ptrdiff_t stamp)
{
	struct oom_klog_line part = log->line;

	part.text = oom_span_from(part.text, log->part);
	if (stamp >= 0)
		part.text.len = (size_t)stamp;
	if (log->part) {
		if (log->joined)
			oom_klog_skip_joint(&part.text);
		oom_klog_frame(part.text, &part);
		part.hour = log->line.hour;
		if (log->joined && !part.framed) {
			part.origin = log->line.origin;
			part.time_us = log->line.time_us;
			part.framed = log->line.framed;
		}
	}
	part.marks = oom_klog_marks(part.text.at, part.text.at + part.text.len);
	return part;
}

/* Where the line's next part begins, behind .part; -1: it has no more. */
static ptrdiff_t next_part(struct oom_klog *log)
{
	const struct oom_klog_line *line = &log->line;
	struct oom_span rest = oom_span_from(line->text, log->part);
	bool kernels = line->origin == OOM_ORIGIN_KERNEL || line->origin == OOM_ORIGIN_BARE;

	if (!log->part)
		log->joined = kernels && line->marks & OOM_MARK_SPEAKS && !line->escaped &&
			line->marks & (OOM_MARK_ESCAPE | OOM_MARK_LINE_FEED) &&
			oom_klog_is_joined(rest);
	if (log->joined)
		return oom_klog_find_joint(rest, 1);
	return kernels && line->marks & OOM_MARK_BRACKET ? oom_klog_find_stamp(rest, 1) : -1;
}

/* Hands the line, or the next part of it, to the assembly. An enum oom_step, or -ENOMEM. */
static int use_line(struct oom_klog *log)
{
	struct oom_klog_line part;
	ptrdiff_t stamp = next_part(log);
	int rc;

	if (stamp < 0 && !log->part) {
		rc = oom_assembly_line(&log->assembly, &log->line, log->number);
	} else {
		part = part_of_line(log, stamp);
		rc = oom_assembly_line(&log->assembly, &part, log->number);
	}
	if (rc != OOM_STEP_AGAIN) {
		log->part = stamp >= 0 ? log->part + (size_t)stamp : 0;
		log->has_line = stamp >= 0;
	}
	return rc;
}

int oom_klog_next(struct oom_klog *log, const struct oom_incident **ret)
{
	struct oom_assembly *a = &log->assembly;

	while (next_line(log)) {
		int rc = use_line(log);

		if (rc < 0)
			return rc;
		if (rc != OOM_STEP_GO) {
			*ret = a->out;
			return (int)a->out->event;
		}
	}
	if (oom_assembly_flush(a) == OOM_STEP_EVENT) {
		*ret = a->out;
		return (int)a->out->event;
	}
	log->pausing = false;
	return log->input.end_rc;
}
