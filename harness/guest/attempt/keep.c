// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/attempt/keep.h"

#include "harness/guest/attempt/state.h"

#include "harness/guest/cache/kept.h"
#include "harness/host/file.h"

#include <errno.h>
#include <string.h>

/* For a shell: 'a b', 'it'\''s' */
static const char *quoted(struct oom_arena *arena, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:,=+@%";
	const char *text = "", *quote;

	if (*word && strspn(word, plain) == strlen(word))
		return word;
	for (; text && (quote = strchr(word, '\'')); word = quote + 1)
		text = oom_arena_printf(arena, "%s%.*s'\\''", text, (int)(quote - word), word);
	return text ? oom_arena_printf(arena, "'%s%s'", text, word) : NULL;
}

void oom_attempt_note_command(struct oom_guest_attempt *a, const struct oom_vm_files *files)
{
	const char **argv, *line = a->command ? a->command : "";

	if (!a->host->options.keep || oom_vm_argv(&a->arena, &a->vm, files, &argv))
		return;
	for (; line && *argv; argv++) {
		const char *word = quoted(&a->arena, *argv);

		line = word
			? oom_arena_printf(&a->arena, "%s%s%s", line, word, argv[1] ? " " : "\n")
			: NULL;
	}
	if (line)
		a->command = line;
}

static int copy(struct oom_guest_attempt *a, const char *from, const char *to, struct oom_err *err)
{
	size_t len = 0;
	char *text;
	int r = oom_file_read(
		&a->arena, from, oom_budget_max(OOM_BUDGET_CONSOLE_BYTES), &text, &len);

	if (r == -ENOENT)
		return 0; /* QEMU did not come so far */
	if (r < 0)
		return oom_err_errno(err, -r, "cannot read '%s'", from);
	return oom_file_write(to, text, len, 0600, err);
}

int oom_guest_attempt_keep(struct oom_guest_attempt *a, struct oom_err *err, const char **ret)
{
	const char *dir, *name, *text = a->job.text ? a->job.text : "";
	const char *const files[] = {"console", "qemu.log", "command", "scenario"};
	const char *paths[4];
	int r;

	*ret = NULL;
	if (!a->host->options.keep || !a->command)
		return 0;
	name = oom_arena_printf(&a->arena, "%s-%u", a->job.id, a->job.attempt);
	r = name ? oom_cache_kept(&a->arena, a->host->cache, name, err, &dir)
		 : oom_err_set(err, ENOMEM, "no memory");
	if (r < 0)
		return r;
	for (int i = 0; i < 4; i++) {
		paths[i] = oom_arena_printf(&a->arena, "%s/%s", dir, files[i]);
		if (!paths[i])
			return oom_err_set(err, ENOMEM, "no memory");
	}
	r = copy(a, a->console, paths[0], err);
	if (r >= 0)
		r = copy(a, a->log, paths[1], err);
	if (r >= 0)
		r = oom_file_write(paths[2], a->command, strlen(a->command), 0600, err);
	if (r >= 0)
		r = oom_file_write(paths[3], text, strlen(text), 0600, err);
	if (r < 0)
		return r;
	*ret = dir;
	return 0;
}
