// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/exec_line.h"

#include "lib/base/words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A word with its place in the text. */
struct word {
	char *text;
	size_t at;
};

/* The line on its way; a word takes no more room in @out than in @text, its NUL the blank's behind
 * it. */
struct line {
	struct oom_arena *arena;
	const char *text, *p;
	char *out;
	struct oom_err *err;
};

static int line_begin(
	struct line *line, struct oom_arena *arena, const char *text, struct oom_err *err)
{
	*line = (struct line){.arena = arena, .text = text, .p = text, .err = err};
	line->out = oom_arena_alloc(arena, strlen(text) + 1);
	return line->out ? 0 : -ENOMEM;
}

static int refuse_at(struct line *line, size_t at, int r)
{
	if (line->err)
		line->err->at = at;
	return r;
}

/* 1 with a word, 0 at the end, -errno. */
static int word_next(struct line *line, struct word *ret)
{
	size_t len = 0;
	int r;

	line->p += strspn(line->p, " \t\n\r");
	ret->at = (size_t)(line->p - line->text);
	r = oom_word_read(&line->p, line->out, &len);
	if (r < 0)
		return refuse_at(line, (size_t)(line->p - line->text),
			oom_err_set(line->err, EINVAL, "missing closing quote %c", *line->p));
	if (r > 0) {
		ret->text = line->out;
		line->out += len + 1;
	}
	return r;
}

/* Takes @mark from *@text where it stands there. */
static bool take(const char **text, const char *mark)
{
	size_t len = strlen(mark);

	if (strncmp(*text, mark, len) != 0)
		return false;
	*text += len;
	return true;
}

/* The prefixes, each once, '+' '!' '!!' only one of them. */
static const char *prefixes_read(const char *word, unsigned *ret_flags, bool *ret_argv0)
{
	static const unsigned user = OOM_EXEC_PRIVILEGED | OOM_EXEC_NO_SETUID | OOM_EXEC_AMBIENT;
	unsigned flags = 0;
	bool argv0 = false;

	for (;;) {
		if (!(flags & OOM_EXEC_IGNORE_FAILURE) && take(&word, "-"))
			flags |= OOM_EXEC_IGNORE_FAILURE;
		else if (!argv0 && take(&word, "@"))
			argv0 = true;
		else if (!(flags & OOM_EXEC_NO_ENV_EXPAND) && take(&word, ":"))
			flags |= OOM_EXEC_NO_ENV_EXPAND;
		else if (!(flags & user) && take(&word, "+"))
			flags |= OOM_EXEC_PRIVILEGED;
		else if (!(flags & user) && take(&word, "!!"))
			flags |= OOM_EXEC_AMBIENT;
		else if (!(flags & user) && take(&word, "!"))
			flags |= OOM_EXEC_NO_SETUID;
		else
			break;
	}
	*ret_flags = flags;
	*ret_argv0 = argv0;
	return word;
}

/* What systemd would not run: load-fragment.c, config_parse_exec(). */
static int check_path(struct line *line, const char *path, size_t at)
{
	size_t len = strlen(path);
	int r = 0;

	if (!len)
		r = oom_err_set(line->err, EINVAL, "no program to run");
	else if (path[0] == '$')
		r = oom_err_set(line->err, EINVAL, "the program cannot be a variable: '%s'", path);
	else if (path[len - 1] == '/')
		r = oom_err_set(line->err, EINVAL, "'%s' is a folder, not a program", path);
	else if (path[0] != '/' && strchr(path, '/'))
		r = oom_err_set(line->err, EINVAL,
			"'%s' is neither an absolute path nor a file name", path);
	return r < 0 ? refuse_at(line, at, r) : 0;
}

static int argv_append(struct line *line, struct oom_exec *exec, const char *word)
{
	const char **argv =
		oom_arena_grow(line->arena, exec->argv, exec->argc, sizeof(*exec->argv));

	if (!argv)
		return -ENOMEM;
	argv[exec->argc++] = word;
	exec->argv = argv;
	return 0;
}

/* Is the unquoted word @mark (";", "\;") at the line's place? It is taken then. */
static bool mark_take(struct line *line, const char *mark)
{
	size_t len = strlen(mark);

	if (strncmp(line->p, mark, len) != 0 || !strchr(" \t\n\r", line->p[len]))
		return false;
	line->p += len;
	line->p += strspn(line->p, " \t\n\r");
	return true;
}

/* The words of one command, to the ';' or the end. */
static int command_read(struct line *line, struct oom_exec *exec)
{
	struct word word;
	bool argv0 = false;
	int r = word_next(line, &word);

	if (r <= 0)
		return r;
	exec->path = prefixes_read(word.text, &exec->flags, &argv0);
	r = check_path(line, exec->path, word.at);
	if (r == 0 && !argv0)
		r = argv_append(line, exec, exec->path);
	while (r == 0 && *line->p && !mark_take(line, ";")) {
		bool semicolon = mark_take(line, "\\;");

		r = semicolon ? 1 : word_next(line, &word);
		if (r > 0)
			r = argv_append(line, exec, semicolon ? ";" : word.text);
		else if (r == 0)
			break;
	}
	if (r == 0 && (!exec->argc || !*exec->argv[0]))
		r = refuse_at(line, word.at,
			oom_err_set(line->err, EINVAL,
				"'@' needs a name (argv[0]) after the program: @%s NAME",
				exec->path));
	return r < 0 ? r : 1;
}

int oom_exec_line_parse(struct oom_arena *arena, const char *text, struct oom_err *err,
	struct oom_exec **ret_items, size_t *ret_count)
{
	struct line line;
	struct oom_exec *items = NULL;
	size_t count = 0;

	if (line_begin(&line, arena, text, err) < 0)
		return -ENOMEM;
	for (;;) {
		struct oom_exec exec = {0};
		int r;

		line.p += strspn(line.p, " \t\n\r");
		if (mark_take(&line, ";")) /* alone: nothing to run, as systemd says */
			continue;
		r = command_read(&line, &exec);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		items = oom_arena_grow(arena, items, count, sizeof(*items));
		if (!items)
			return -ENOMEM;
		items[count++] = exec;
	}
	if (!count)
		return oom_err_set(err, EINVAL, "no program to run");
	*ret_items = items;
	*ret_count = count;
	return 0;
}

/* The program of a line without prefixes; what looks like one would be looked for by that name. */
static int check_program(struct line *line, const char *word, size_t at)
{
	if (*word && strchr("-@:+!|", *word))
		return refuse_at(line, at,
			oom_err_set(line->err, EINVAL,
				"no prefix '%c' is known here, as an ExecStart= has it: begin with the "
				"program",
				*word));
	return check_path(line, word, at);
}

int oom_command_check(struct oom_arena *arena, const char *text, struct oom_err *err)
{
	struct line line;
	struct word word;
	bool first = true;
	int r = line_begin(&line, arena, text, err);

	if (r < 0)
		return r;
	while ((r = word_next(&line, &word)) > 0) {
		r = first ? check_program(&line, word.text, word.at) : 0;
		if (r < 0)
			return r;
		first = false;
	}
	if (r == 0 && first)
		return oom_err_set(err, EINVAL, "no program to run");
	return r;
}
