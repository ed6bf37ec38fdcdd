// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of a trace: every byte is a part of one entry, what follows an entry does not change what it says, names
 * are parts of it and short, and times and numbers are whatever they are. */
#include "lib/kernel/trace.h"
#include "tests/support/fuzz.h"

#include <errno.h>
#include <signal.h>

enum { COMM_BYTES = 16 };

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same(const struct oom_trace_event *a, const struct oom_trace_event *b)
{
	return a->kind == b->kind && a->time_us == b->time_us && a->task_pid == b->task_pid &&
		a->pid == b->pid && a->signal == b->signal && a->code == b->code &&
		same_text(a->task_comm, b->task_comm) && same_text(a->comm, b->comm);
}

/* Is @text, up to its first NUL, a part of the entry? */
static bool is_part(const char *text, struct oom_span entry)
{
	return !text ||
		(strlen(text) <= entry.len && memmem(entry.at, entry.len, text, strlen(text)));
}

/* The entry alone is the same entry. */
static void check_alone(
	struct oom_arena *arena, struct oom_span entry, const struct oom_trace_event *ev)
{
	char *exact = fuzz_exact(entry.at, entry.len);
	struct oom_span rest = {exact, entry.len};
	struct oom_trace_event alone = {.pid = -7};

	FUZZ_CHECK(oom_trace_next(arena, &rest, &alone) == 1 && !rest.len);
	FUZZ_CHECK(is_same(&alone, ev));
	FUZZ_CHECK(is_part(ev->comm, entry) && is_part(ev->task_comm, entry));
	FUZZ_CHECK(strlen(ev->task_comm) <= COMM_BYTES);
	FUZZ_CHECK(ev->kind == OOM_TRACE_MARK || !ev->comm || strlen(ev->comm) <= COMM_BYTES);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = fuzz_exact(data, size);
	struct oom_span text = {exact, size};
	struct oom_trace_event events[64];
	struct oom_arena arena = {0};
	size_t count = 0;
	int r = 1;

	while (r && count < sizeof(events) / sizeof(*events)) {
		struct oom_trace_event ev = {.pid = -7};
		struct oom_span before = text;

		r = oom_trace_next(&arena, &text, &ev);
		FUZZ_CHECK(r == 1 || !r || r == -EBADMSG);
		FUZZ_CHECK(r ? text.len < before.len : !text.len);
		FUZZ_CHECK(r == 1 || ev.pid == -7);
		if (r != 1)
			continue;
		check_alone(&arena, (struct oom_span){before.at, before.len - text.len}, &ev);
		events[count++] = ev;
	}
	for (size_t i = 0; i < count; i++)
		oom_trace_is_kill(events, i);
	oom_arena_release(&arena);
	free(exact);
	return 0;
}
