// SPDX-License-Identifier: LGPL-2.1-or-later
/* The gate for command lines: argp and getopt print words of theirs as they are. */
#include "harness/say/say.h"

#include "lib/base/cleanup.h"
#include "lib/base/escape.h"
#include "lib/base/nearest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 64 };

static bool is_option(const struct argp_option *o)
{
	return o->name || o->key || o->doc || o->group;
}

/* Does the word @word take the next one as its value ("-o", "--output")? */
static bool takes_next(const struct argp_option *o, const char *word)
{
	for (; o && is_option(o); o++) {
		const char *letter = o->key > ' ' && o->key < 127 ? strchr(word, o->key) : NULL;

		if (!o->arg || o->flags & OPTION_ARG_OPTIONAL)
			continue;
		if (word[1] == '-' ? o->name && !strcmp(word + 2, o->name)
				   : letter && letter > word && !letter[1])
			return true;
	}
	return false;
}

/* As getopt_long(3) takes a name: whole, or what begins one. */
static bool is_known(const char *const *names, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(names[i], word, strlen(word)))
			return true;
	return false;
}

/* A long option that there is not, where one is near; of any other getopt has to say what it is. */
static void check_names(const struct argp *argp, int argc, char **argv)
{
	const struct argp_option *options = argp->options;
	struct argp_state state = {
		.root_argp = argp, .err_stream = stderr, .out_stream = stdout, .name = argv[0]};
	const char *names[OPTIONS_MAX] = {"help", "usage"};
	size_t count = 2;

	for (const struct argp_option *o = options; o && is_option(o) && count < OPTIONS_MAX - 1;
		o++)
		if (o->name)
			names[count++] = o->name;
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		const char *nearest, *word = argv[i];
		char name[64];

		if (*word != '-')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
		if (takes_next(options, name) && !strchr(word, '=')) {
			i++;
			continue;
		}
		if (word[1] != '-' || is_known(names, count, name + 2))
			continue;
		names[count] = "version"; /* of the program, not of its commands */
		nearest = oom_nearest(name + 2, names, count + 1);
		if (nearest)
			oom_say_usage(&state, "unknown option '%s', did you mean '%s--%s'?", name,
				nearest == names[count] ? "oomgate " : "", nearest);
	}
}

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
		check_names(argp, argc, copies);
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
