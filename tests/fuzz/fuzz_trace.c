// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines of a trace: what follows a line does not change what it says, names are parts of it, and times and
 * numbers are whatever they are. */
#include "lib/kernel/trace.h"
#include "tests/support/fuzz.h"

#include <signal.h>

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

/* Is @text, up to its first NUL, a part of the line? */
static bool is_part(const char *text, const char *line, size_t len)
{
	return !text || (strlen(text) <= len && memmem(line, len, text, strlen(text)));
}

static bool read_line(
	struct oom_arena *arena, const char *line, size_t len, struct oom_trace_event *ret)
{
	static const char behind[] = "7.7 pid=7 comm=7";
	char *exact = fuzz_exact(line, len), *more = malloc(len + sizeof(behind));
	struct oom_trace_event alone = {.pid = -7}, followed = alone;
	bool ok = oom_trace_parse(arena, exact, len, &alone);

	FUZZ_CHECK(more);
	if (len)
		memcpy(more, line, len);
	memcpy(more + len, behind, sizeof(behind));
	FUZZ_CHECK(oom_trace_parse(arena, more, len, &followed) == ok);
	FUZZ_CHECK(is_same(&alone, &followed));
	FUZZ_CHECK(is_part(alone.comm, exact, len) && is_part(alone.task_comm, exact, len));
	FUZZ_CHECK(ok || alone.pid == -7);
	free(exact);
	free(more);
	*ret = alone;
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size;
	struct oom_trace_event events[64];
	struct oom_arena arena = {0};
	size_t count = 0;

	while (line < end && count < sizeof(events) / sizeof(*events)) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop ? stop : end) - line);

		count += read_line(&arena, line, len, &events[count]);
		line += len + 1;
	}
	for (size_t i = 0; i < count; i++)
		oom_trace_is_kill(events, i);
	oom_arena_release(&arena);
	return 0;
}
