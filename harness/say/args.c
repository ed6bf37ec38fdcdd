// SPDX-License-Identifier: LGPL-2.1-or-later
/* The gate for command lines: argp and getopt print words of theirs as they are. */
#include "harness/say/say.h"

#include "lib/base/cleanup.h"
#include "lib/base/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static error_t take_all(int key, char *arg, struct argp_state *state)
{
	(void)key, (void)arg, (void)state;
	return 0;
}

/*
 * Which words are options, and which of them are none, does not depend on what the gate changes: no
 * option's name has a character that is escaped, and an escape begins where such a character was. So
 * harmless copies are read first, for what getopt has to say about them, and only then the words.
 */
error_t oom_say_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	struct argp first = *argp;
	struct oom_arena arena = {0};
	char **copies = oom_arena_alloc(&arena, ((size_t)argc + 1) * sizeof(*copies));
	error_t r = copies ? 0 : ENOMEM;

	first.parser = take_all;
	for (int i = 0; !r && i < argc; i++) {
		copies[i] = oom_escape_dup(&arena, argv[i], oom_say_utf8(2));
		r = copies[i] ? 0 : ENOMEM;
	}
	if (!r)
		r = argp_parse(&first, argc, copies, 0, NULL, NULL);
	oom_arena_release(&arena);
	return r ? r : argp_parse(argp, argc, argv, 0, NULL, input);
}

void oom_say_usage(const struct argp_state *state, const char *fmt, ...)
{
	oom_autofree char *text = NULL;
	struct oom_arena arena = {0};
	va_list args;
	int n;

	/* usage is one line: the format has no line feed, so what is one came in an argument */
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		text = NULL;
	/* it ends the program */
	argp_error(state, "%s", oom_escape_dup(&arena, text, oom_say_utf8(2)) ?: "no memory");
	oom_arena_release(&arena);
}
