// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/kind.h"

#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

const struct oom_undo_kind *oom_undo_kind_find(const char *name)
{
	for (const struct oom_undo_kind *const *k = oom_undo_kinds; *k; k++)
		if (!strcmp((*k)->name, name))
			return *k;
	return NULL;
}

static void put_escaped(struct oom_bounded *line, const char *arg)
{
	if (!*arg)
		oom_bounded_text(line, "\\e");
	for (; *arg; arg++) {
		unsigned char c = (unsigned char)*arg;

		if (c > ' ' && c < 0x7f && c != '\\')
			oom_bounded_char(line, *arg);
		else
			oom_bounded_printf(line, "\\x%02x", c);
	}
}

char *oom_undo_line_format(const char *kind, char *const *args, unsigned n_args)
{
	size_t size = strlen(kind) + 2;
	struct oom_bounded line;
	char *buf;

	/* four bytes for each byte at most, a blank, and two for an empty one */
	for (unsigned i = 0; i < n_args; i++)
		size += 4 * strlen(args[i]) + 3;
	buf = malloc(size);
	if (!buf)
		return NULL;
	line = oom_bounded_in(buf, size);
	oom_bounded_text(&line, kind);
	for (unsigned i = 0; i < n_args; i++) {
		oom_bounded_char(&line, ' ');
		put_escaped(&line, args[i]);
	}
	oom_bounded_char(&line, '\n');
	return buf;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; a word only gets shorter. */
static int unescape(char *word)
{
	char *out = word;

	for (const char *in = word; *in;) {
		if (*in != '\\') {
			*out++ = *in++;
		} else if (in[1] == 'e' && in == word && !in[2]) {
			in += 2;
		} else if (in[1] == 'x' && hex_digit(in[2]) >= 0 && hex_digit(in[3]) >= 0) {
			*out++ = (char)(hex_digit(in[2]) << 4 | hex_digit(in[3]));
			in += 4;
		} else {
			return -EBADMSG;
		}
	}
	*out = '\0';
	return 0;
}

int oom_undo_line_parse(const char *line, size_t len, struct oom_undo_entry *ret)
{
	oom_autofree char *copy = strndup(line, len);
	struct oom_undo_entry entry = {0};
	char *rest = copy, *word;
	unsigned n = 0;

	if (!copy)
		return -ENOMEM;
	if (strlen(copy) != len)
		return -EBADMSG;
	word = strsep(&rest, " ");
	entry.kind = oom_undo_kind_find(word);
	if (!entry.kind)
		return -ENOTSUP;
	while (rest) {
		word = strsep(&rest, " ");
		if (!*word || n == entry.kind->n_args || unescape(word) < 0)
			return -EBADMSG;
		entry.args[n++] = word;
	}
	if (n != entry.kind->n_args)
		return -EBADMSG;
	entry.line = oom_take_ptr(copy);
	*ret = entry;
	return 0;
}

int oom_undo_entries_push(struct oom_undo_entries *list, const struct oom_undo_entry *entry)
{
	if (list->count == list->capacity) {
		unsigned capacity = list->capacity ? 2 * list->capacity : 16;
		void *items = realloc(list->items, capacity * sizeof(*list->items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *entry;
	return 0;
}

void oom_undo_entries_drop(struct oom_undo_entries *list, unsigned count)
{
	while (list->count > count)
		free(list->items[--list->count].line);
	if (!count) {
		free(list->items);
		*list = (struct oom_undo_entries){0};
	}
}

int oom_undo_entries_run(struct oom_undo_entries *list, bool after_boot,
	void (*say)(const char *what), struct oom_err *err, int *ret_failed)
{
	int undone = 0, failed = 0;

	for (unsigned i = list->count; i; i--) {
		struct oom_undo_entry *entry = &list->items[i - 1];
		int r;

		if (entry->done)
			continue;
		if (after_boot && !entry->kind->survives_boot) {
			entry->done = true;
			continue;
		}
		r = entry->kind->undo(entry->args, failed ? NULL : err);
		if (r < 0) {
			failed = failed ? failed : r;
			continue;
		}
		entry->done = true;
		undone += r;
		if (r && say) {
			char what[512];

			snprintf(what, sizeof(what), "%s '%s'", entry->kind->past, entry->args[0]);
			say(what);
		}
	}
	*ret_failed = failed;
	return undone;
}
