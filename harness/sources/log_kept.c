// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/sources/log_kept.h"

#include "harness/host/pages.h"
#include "lib/base/span.h"
#include "lib/kernel/kmsg.h"
#include "lib/klog/kmsg.h"

#include <errno.h>
#include <string.h>

enum {
	KEEP_BYTES = 1536 * 1024, /* some 100 whole OOM reports, or 4000 kills */
	RESERVE_BYTES = 192 * 1024, /* of it, for what is more than context */
	STORM_BYTES = 64 *
		1024, /* of that, for what may come in a storm itself: who asked, and warnings */
	ROOM_BYTES = KEEP_BYTES + 1, /* with a NUL behind all */
	TEXT_BYTES = 255,
};

/* How much a record tells of who killed whom; the room that it may use goes up with that. */
enum weight { CONTEXT, HEADER, WARNING, KILL };
static const size_t room_bytes[] = {
	[CONTEXT] = KEEP_BYTES - RESERVE_BYTES,
	[HEADER] = KEEP_BYTES - RESERVE_BYTES + STORM_BYTES,
	[WARNING] = KEEP_BYTES - STORM_BYTES,
	[KILL] = KEEP_BYTES,
};

static bool has_any(const char *text, const char *const *words, bool at_front)
{
	for (; *words; words++)
		if (at_front ? !strncmp(text, *words, strlen(*words))
			     : strstr(text, *words) != NULL)
			return true;
	return false;
}

bool oom_is_warning(const char *text)
{
	static const char *const beginnings[] = {
		"WARNING: ",
		"BUG: ",
		"kernel BUG at ",
		"Oops",
		"general protection fault",
		"Unable to handle kernel ",
		"watchdog: BUG",
		"NMI watchdog: ",
		"watchdog: Watchdog detected ",
		"rcu: INFO: ",
		"INFO: rcu_",
		"Bad page",
		"Kernel panic",
		NULL,
	};
	static const char *const within[] = {"blocked for more than", "BUG: soft lockup", NULL};

	return has_any(text, beginnings, true) || has_any(text, within, false);
}

bool oom_is_refused_fork(const char *text)
{
	return strstr(text, "fork rejected by pids controller") != NULL;
}

static enum weight weight_of(const char *text)
{
	static const char *const kill_words[] = {"illed process ",
		"oom-kill:", "going to be killed", "Manual OOM execution", "Kernel panic", NULL};

	if (has_any(text, kill_words, false) || oom_is_refused_fork(text))
		return KILL;
	if (oom_is_warning(text))
		return WARNING;
	return strstr(text, " invoked oom-killer") ? HEADER : CONTEXT;
}

/* The next record of what is kept, taken off @rest; its text, which @buf has room for, without its head. */
static bool next_record(struct oom_span *rest, struct oom_span *ret_record,
	struct oom_kmsg_head *ret_head, char buf[static TEXT_BYTES + 1])
{
	const char *at = rest->at, *end = rest->at + rest->len, *eol = at;
	size_t len;

	if (!rest->len)
		return false;
	/* lines that begin with a blank are the record's dictionary */
	do {
		eol = memchr(eol, '\n', (size_t)(end - eol));
		eol = eol ? eol + 1 : end;
	} while (eol < end && *eol == ' ');
	*ret_record = (struct oom_span){at, (size_t)(eol - at)};
	*rest = oom_span_from(*rest, ret_record->len);
	if (!oom_kmsg_head_parse(at, ret_record->len, ret_head))
		*ret_head = (struct oom_kmsg_head){.prio = UINT32_MAX};
	len = strcspn(at + ret_head->text_off, "\n");
	len = len < TEXT_BYTES ? len : TEXT_BYTES;
	memcpy(buf, at + ret_head->text_off, len);
	buf[len] = '\0';
	return true;
}

/* How much a record counts for, given whether the one before did, which it may go on with. */
static enum weight weigh(const struct oom_kmsg_head *head, const char *text, bool last_counts)
{
	enum weight weight = head->prio < 8 ? weight_of(text) : CONTEXT;

	return weight == CONTEXT && head->flag == 'c' && last_counts ? KILL : weight;
}

/* Makes room: what is only context goes. */
static void compact(struct oom_log_kept *kept)
{
	struct oom_span rest = {kept->text, kept->used}, record;
	char text[TEXT_BYTES + 1];
	struct oom_kmsg_head head;
	bool last_counts = false;
	size_t used = 0;

	while (next_record(&rest, &record, &head, text)) {
		enum weight weight = weigh(&head, text, last_counts);

		last_counts = weight >= WARNING;
		if (weight == CONTEXT) {
			kept->left_out++;
			continue;
		}
		memmove(kept->text + used, record.at, record.len);
		used += record.len;
	}
	kept->used = used;
	kept->text[used] = '\0';
	kept->full = kept->compacted = true;
	kept->whole_bytes = 0;
}

int oom_log_kept_open(struct oom_log_kept *kept)
{
	char *text = oom_pages_take(ROOM_BYTES);

	if (!text)
		return -ENOMEM;
	*kept = (struct oom_log_kept){.text = text};
	return 0;
}

void oom_log_kept_close(struct oom_log_kept *kept)
{
	oom_pages_give(kept->text, ROOM_BYTES);
	kept->text = NULL;
}

bool oom_log_kept_add(
	struct oom_log_kept *kept, const char *record, size_t len, const struct oom_kmsg_head *head)
{
	enum weight weight = weigh(head, record + head->text_off, kept->last_counts);
	bool fits;

	kept->last_counts = weight >= WARNING;
	fits = weight == CONTEXT ? !kept->full && kept->used + len <= room_bytes[CONTEXT]
				 : kept->used + len <= room_bytes[weight];
	if (!fits && weight >= WARNING && !kept->compacted) {
		compact(kept);
		fits = kept->used + len <= room_bytes[weight];
	}
	if (fits) {
		memcpy(kept->text + kept->used, record, len);
		kept->used += len;
		kept->text[kept->used] = '\0';
		return weight >= WARNING;
	}
	if (weight == CONTEXT && !kept->full) {
		kept->full = true;
		kept->whole_bytes = kept->used;
	}
	kept->left_out++;
	kept->facts_left_out += weight >= WARNING;
	return weight >= WARNING;
}

static int64_t count_lines(const char *text, size_t len)
{
	const char *end = text + len;
	int64_t lines = 0;

	while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
		lines++;
		text++;
	}
	return lines;
}

/* A task table of which a part was not kept would rank wrongly: what is told of it is that there is none. */
static void forget_table(struct oom_kill *kill)
{
	kill->tasks = kill->ranking = NULL;
	kill->n_tasks = kill->n_ranking = 0;
	kill->explanation = NULL;
}

static int tell_kills(const struct oom_log_kept *kept, struct oom_attempt *record)
{
	int64_t whole_lines = kept->full ? count_lines(kept->text, kept->whole_bytes) : INT64_MAX;
	struct oom_kill *kills;
	size_t count;
	int r = oom_kills_from_kmsg(&record->arena, kept->text, kept->used, &kills, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct oom_kill *kill = oom_attempt_add_kill(record);

		if (!kill)
			return -ENOMEM;
		*kill = kills[i];
		if (kill->line > whole_lines)
			forget_table(kill);
	}
	return r;
}

int oom_log_kept_tell(const struct oom_log_kept *kept, struct oom_attempt *record)
{
	struct oom_span rest = {kept->text, kept->used}, one;
	char text[TEXT_BYTES + 1];
	struct oom_kmsg_head head;
	int r = tell_kills(kept, record);

	while (r >= 0 && next_record(&rest, &one, &head, text)) {
		if (head.prio >= 8)
			continue;
		record->fork_rejected |= oom_is_refused_fork(text);
		if (oom_is_warning(text))
			r = oom_attempt_add_text(
				record, &record->warnings, &record->n_warnings, text);
	}
	return r;
}
