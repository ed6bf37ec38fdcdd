// SPDX-License-Identifier: LGPL-2.1-or-later
/* An undo list that was left behind: what is read of it is written as a list that says the same. Nothing is
 * undone here. */
#include "harness/undo/kind.h"
#include "tests/support/fuzz.h"

#include <errno.h>

static void check_entry(const struct oom_undo_entry *entry)
{
	struct oom_undo_entry again;
	char *line = oom_undo_line_format(entry->kind->name, entry->args, entry->kind->n_args);
	size_t len;

	FUZZ_CHECK(line);
	len = strlen(line);
	FUZZ_CHECK(len && strchr(line, '\n') == line + len - 1);
	FUZZ_CHECK(!oom_undo_line_parse(line, len - 1, &again) && again.kind == entry->kind);
	for (unsigned i = 0; i < entry->kind->n_args; i++)
		FUZZ_CHECK(!strcmp(entry->args[i], again.args[i]));
	FUZZ_CHECK(!entry->args[entry->kind->n_args] && !again.args[entry->kind->n_args]);
	free(again.line);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] = OOM_UNDO_MAGIC " ";
	struct oom_undo_entries list = {0};
	char boot[40] = "/";
	size_t lines = 0;
	char *text = malloc(size + 1); /* a NUL stands behind what is read from a file */
	int r;

	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	r = oom_undo_list_parse(text, size, boot, &list);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -ENOTSUP);
	FUZZ_CHECK(strnlen(boot, sizeof(boot)) < sizeof(boot) && !strpbrk(boot, " \n"));
	FUZZ_CHECK(list.count < lines || !list.count);
	FUZZ_CHECK(r < 0 || list.count + 1 == lines);
	/* without a first line there is nothing */
	FUZZ_CHECK(!strncmp(text, first, strlen(first)) ||
		(r < 0 && !list.count && !strcmp(boot, "/")));
	for (unsigned i = 0; i < list.count; i++)
		check_entry(&list.items[i]);
	oom_undo_entries_drop(&list, 0);
	free(text);
	return 0;
}
