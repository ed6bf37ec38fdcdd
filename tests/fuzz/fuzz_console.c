// SPDX-License-Identifier: LGPL-2.1-or-later
/* A console's lines: every byte is a part of one line, a line says what it says alone, and a line of the kernel's begins
 * where a line begins. */
#include "lib/kernel/console.h"
#include "tests/support/fuzz.h"

#include <errno.h>
#include <stdbool.h>

static void check_line(struct oom_span taken, const struct oom_console_line *line)
{
	char *exact = fuzz_exact(taken.at, taken.len);
	struct oom_span rest = {exact, taken.len};
	struct oom_console_line alone;

	FUZZ_CHECK(taken.len && taken.at[taken.len - 1] == '\n' && *taken.at == '<');
	FUZZ_CHECK(line->line.at == taken.at && line->line.len < taken.len);
	FUZZ_CHECK(!memchr(line->line.at, '\n', line->line.len));
	FUZZ_CHECK(line->text.at + line->text.len == line->line.at + line->line.len);
	FUZZ_CHECK(line->prio <= 255);
	FUZZ_CHECK(oom_console_next(&rest, &alone) == 1 && !rest.len);
	FUZZ_CHECK(alone.prio == line->prio && oom_span_is(alone.text, line->text));
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = fuzz_exact(data, size);
	struct oom_span rest = {exact, size};

	for (;;) {
		static const struct oom_console_line untouched = {.prio = 777};
		struct oom_console_line line = untouched;
		struct oom_span before = rest;
		int r = oom_console_next(&rest, &line);

		FUZZ_CHECK(r == 1 || r == -EBADMSG || (!r && !before.len));
		FUZZ_CHECK(r == 1 || line.prio == 777);
		if (!r)
			break;
		FUZZ_CHECK(rest.len < before.len && rest.at == before.at + before.len - rest.len);
		if (r == 1)
			check_line((struct oom_span){before.at, before.len - rest.len}, &line);
	}
	free(exact);
	return 0;
}
