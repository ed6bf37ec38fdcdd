// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a reader's events to a form's kills and notes. */
#include "harness/explain/session.h"

#include "lib/oracle/badness.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

static void note(struct explain_notes *notes, const struct oom_incident *incident, char *text)
{
	if (notes->n < EXPLAIN_NOTES && text) {
		notes->notes[notes->n++] =
			(struct explain_note){incident->kill.line, incident->kill.time_us, text};
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
		return explain_printf("%s (pid %" PRId64 ") was chosen as the victim",
			kill->chosen_comm ? kill->chosen_comm : "?", kill->chosen_pid);
	if (!kill->invoker_comm)
		return explain_printf(
			"the OOM killer was invoked; the log does not say by which process");
	return explain_printf("%s invoked the OOM killer", kill->invoker_comm);
}

static int tell_kill(struct explain_session *s, const struct oom_incident *incident)
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

static int tell(
	struct explain_session *s, enum oom_event event, const struct oom_incident *incident)
{
	switch (event) {
	case OOM_EVENT_KILL:
		return tell_kill(s, incident);
	case OOM_EVENT_PANIC:
		note(&s->panics, incident,
			explain_printf("%s", incident->text ? incident->text : ""));
		break;
	case OOM_EVENT_UNFINISHED:
		note(&s->unfinished, incident, unfinished_text(incident));
		break;
	case OOM_EVENT_SIGNAL:
		note(&s->signals, incident,
			explain_printf("%s", incident->text ? incident->text : ""));
		break;
	default:
		note(&s->unrecognised, incident,
			explain_printf("%s", incident->text ? incident->text : ""));
		break;
	}
	return 0;
}

/* Reads to the end. 0, or -errno of the source. */
int explain_session_read(struct explain_session *s, struct oom_klog *log)
{
	for (;;) {
		const struct oom_incident *incident;
		int rc = oom_klog_next(log, &incident);

		if (rc > 0 && incident->kill.line >= s->first_line)
			rc = tell(s, (enum oom_event)rc, incident);
		else if (rc == -EAGAIN && !s->first_line)
			s->format->flush(s->writer);
		else if (rc <= 0)
			return rc;
		if (rc < 0 && rc != -EAGAIN)
			return rc;
	}
}

static void free_notes(struct explain_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->notes[i].text);
	notes->n = 0;
}

void explain_session_release(struct explain_session *s)
{
	free_notes(&s->panics);
	free_notes(&s->unfinished);
	free_notes(&s->signals);
	free_notes(&s->unrecognised);
	oom_arena_release(&s->arena);
}

static void take_notes(struct explain_notes *to, struct explain_notes *from, int64_t shift)
{
	for (size_t i = 0; i < from->n; i++) {
		if (to->n == EXPLAIN_NOTES)
			break;
		to->notes[to->n] = from->notes[i];
		to->notes[to->n++].line += shift;
		from->notes[i].text = NULL;
	}
	to->total += from->total;
}

void explain_session_take(struct explain_session *to, struct explain_session *from, int64_t shift)
{
	take_notes(&to->panics, &from->panics, shift);
	take_notes(&to->unfinished, &from->unfinished, shift);
	take_notes(&to->signals, &from->signals, shift);
	take_notes(&to->unrecognised, &from->unrecognised, shift);
	to->kills += from->kills;
}

void explain_counts_add(struct oom_klog_counts *to, const struct oom_klog_counts *more)
{
	to->lines += more->lines;
	to->bytes += more->bytes;
	to->quoted += more->quoted;
	to->imitations += more->imitations;
	to->repeats += more->repeats;
	to->cut_lines += more->cut_lines;
}
