// SPDX-License-Identifier: LGPL-2.1-or-later
/* A long log at a glance: kills by killer, cgroup, program and hour. */
#include "harness/explain/explain.h"
#include "harness/say/say.h"
#include "lib/base/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names that are told apart, of each kind; what is beyond counts as "others". */
#define SLOTS	   1024
#define NAME_BYTES 232
#define SHOWN	   12

struct tally_slot {
	int64_t count, order;
	char name[NAME_BYTES];
};

struct tally {
	size_t used;
	int64_t others;
	struct tally_slot slots[SLOTS];
};

/* By what kills are counted. */
enum by { BY_KILLER, BY_CGROUP, BY_PROGRAM, BY_HOUR, BYS };

struct explain_writer {
	FILE *out;
	struct explain_part
		*part; /* in place of the tallies: the names of each kill, one after the other */
	struct tally *tallies; /* of BYS */
};

static void count(struct tally *tally, const char *name)
{
	size_t len = strnlen(name, NAME_BYTES - 1), at;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	at = (hash ^ hash >> 32) % SLOTS;
	/* never filled beyond three quarters: a free slot ends every search */
	while (tally->slots[at].count &&
		(strncmp(tally->slots[at].name, name, len) || tally->slots[at].name[len]))
		at = (at + 1) % SLOTS;
	if (!tally->slots[at].count) {
		if (tally->used >= SLOTS * 3 / 4) {
			tally->others++;
			return;
		}
		memcpy(tally->slots[at].name, name, len);
		tally->slots[at].name[len] = '\0';
		tally->slots[at].order = (int64_t)tally->used++;
	}
	tally->slots[at].count++;
}

static void take(struct explain_writer *w, enum by by, const char *name)
{
	if (w->part)
		explain_part_add(w->part, name, strlen(name) + 1);
	else
		count(&w->tallies[by], name);
}

static void summary_kill(
	struct explain_writer *w, const struct oom_incident *incident, const struct oom_kill *kill)
{
	char hour[48] = "(unknown)";

	take(w, BY_KILLER, oom_killer_name(kill->killer));
	take(w, BY_CGROUP,
		kill->oom_memcg		   ? kill->oom_memcg
			: kill->task_memcg ? kill->task_memcg
					   : "(unknown)");
	take(w, BY_PROGRAM, kill->victim.comm ? kill->victim.comm : "(unknown)");
	if (!incident->when && kill->time_us >= 0)
		snprintf(hour, sizeof(hour), "hour %" PRId64 " since boot",
			kill->time_us / (INT64_C(3600) * 1000000));
	take(w, BY_HOUR, incident->when ? incident->when : hour);
}

static int summary_part_open(struct explain_part *part, struct explain_writer **ret)
{
	struct explain_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->part = part;
	*ret = w;
	return 0;
}

static void summary_part_take(
	struct explain_writer *w, const struct explain_part *part, int64_t shift)
{
	const char *p = part->data, *end = p + part->len;

	(void)shift; /* no line is named */
	for (int by = 0; p < end; by = (by + 1) % BYS, p += strlen(p) + 1)
		count(&w->tallies[by], p);
}

static int by_count(const void *left, const void *right)
{
	const struct tally_slot *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->order < b->order ? -1 : 1;
}

static int by_order(const void *left, const void *right)
{
	const struct tally_slot *a = left, *b = right;

	/* free slots last */
	if (!a->count || !b->count)
		return !a->count - !b->count;
	return a->order < b->order ? -1 : 1;
}

static void put_tally(
	struct explain_writer *w, const char *title, struct tally *tally, bool in_order)
{
	int64_t hidden = tally->others;
	size_t shown = 0;

	if (!tally->used)
		return;
	qsort(tally->slots, SLOTS, sizeof(tally->slots[0]), in_order ? by_order : by_count);
	oom_say(w->out, "\n%s\n", title);
	for (size_t i = 0; i < SLOTS && tally->slots[i].count; i++) {
		if (shown >= (in_order ? 48 : SHOWN)) {
			hidden += tally->slots[i].count;
			continue;
		}
		oom_say(w->out, "%8" PRId64 "  %s\n", tally->slots[i].count, tally->slots[i].name);
		shown++;
	}
	if (hidden)
		oom_say(w->out, "%8" PRId64 "  others\n", hidden);
}

/* "@before 3 @many" */
static void put_count(struct explain_writer *w, const char *before, int64_t count, const char *one,
	const char *many)
{
	oom_say(w->out, "%s%" PRId64 " %s", before, count, oom_plural((uint64_t)count, one, many));
}

/* The same as a paragraph of its own; nothing where there is none. */
static void put_remark(struct explain_writer *w, const char *before, int64_t count, const char *one,
	const char *many)
{
	if (!count)
		return;
	fputc('\n', w->out);
	put_count(w, before, count, one, many);
	fputc('\n', w->out);
}

static void summary_end(struct explain_writer *w, const struct explain_end *end)
{
	put_count(w, "", end->kills, "OOM kill", "OOM kills");
	put_count(w, ", ", end->panics->total, "kernel panic", "kernel panics");
	put_count(w, ", ", end->unfinished->total, "OOM killer invocation without a kill",
		"OOM killer invocations without a kill");
	put_count(w, ", in ", end->counts->lines, "line", "lines");
	fputc('\n', w->out);
	put_tally(w, "by killer", &w->tallies[BY_KILLER], false);
	put_tally(w, "by cgroup", &w->tallies[BY_CGROUP], false);
	put_tally(w, "by program", &w->tallies[BY_PROGRAM], false);
	put_tally(w, "by hour", &w->tallies[BY_HOUR], true);
	put_remark(w, "", end->signals->total, "process killed by systemd, not by an OOM killer",
		"processes killed by systemd, not by an OOM killer");
	put_remark(w, "", end->unrecognised->total,
		"line looks like an OOM report, but is not understood: run without --summary to "
		"see it",
		"lines look like OOM reports, but are not understood: run without --summary to see "
		"them");
	put_remark(w, "not counted: ", end->counts->quoted, "line in which a program quotes a kill",
		"lines in which programs quote a kill");
	put_remark(w, "not counted: ", end->counts->imitations,
		"line in which a program imitates the kernel",
		"lines in which programs imitate the kernel");
	if (end->gaps)
		oom_say(w->out, "\nnot read: %s\n", end->gaps);
	if (end->damage)
		oom_say(w->out, "\nincomplete: %s\n", end->damage);
}

static int summary_open(FILE *out, struct explain_writer **ret)
{
	struct explain_writer *w = calloc(1, sizeof(*w));

	if (w)
		w->tallies = calloc(BYS, sizeof(*w->tallies));
	if (!w || !w->tallies) {
		free(w);
		return -ENOMEM;
	}
	w->out = out;
	*ret = w;
	return 0;
}

static void summary_flush(struct explain_writer *w)
{
	(void)w; /* nothing is told before the end */
}

static int summary_close(struct explain_writer *w)
{
	int rc = w->out && (fflush(w->out) || ferror(w->out)) ? -EIO : 0;

	free(w->tallies);
	free(w);
	return rc;
}

const struct explain_format explain_summary = {
	.name = "summary",
	.help = "counts by killer, cgroup, program and hour",
	.flags = OOM_KLOG_BRIEF,
	.open = summary_open,
	.kill = summary_kill,
	.end = summary_end,
	.flush = summary_flush,
	.part_open = summary_part_open,
	.part_take = summary_part_take,
	.close = summary_close,
};
