// SPDX-License-Identifier: LGPL-2.1-or-later
/* An undo list, apart from the file that it stands in. */
#include "harness/undo/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The first line, without its newline. */
static int parse_first(const char *line, size_t len, char ret_boot[static 40])
{
	char copy[160], again[160], boot[40] = "";
	uint64_t start;
	int pid;

	if (len >= sizeof(copy) || memchr(line, '\0', len))
		return -EBADMSG;
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (sscanf(copy, OOM_UNDO_MAGIC " %d %" SCNu64 " %39s", &pid, &start, boot) != 3)
		return -EBADMSG;
	/* as it was written, and no other way */
	snprintf(again, sizeof(again), OOM_UNDO_MAGIC " %d %" PRIu64 " %s", pid, start, boot);
	if (strcmp(copy, again) != 0)
		return -EBADMSG;
	memcpy(ret_boot, boot, sizeof(boot));
	return 0;
}

static int push_line(const char *line, size_t len, struct oom_undo_entries *list)
{
	struct oom_undo_entry entry;
	int r = oom_undo_line_parse(line, len, &entry);

	if (r < 0)
		return r;
	r = oom_undo_entries_push(list, &entry);
	if (r < 0)
		free(entry.line);
	return r;
}

int oom_undo_list_parse(
	const char *text, size_t len, char ret_boot[static 40], struct oom_undo_entries *list)
{
	const char *end = text + len, *line = text, *stop = memchr(line, '\n', len);
	int unreadable = 0,
	    r = stop ? parse_first(line, (size_t)(stop - line), ret_boot) : -EBADMSG;

	if (r < 0)
		return r;
	for (line = stop + 1; (stop = memchr(line, '\n', (size_t)(end - line))); line = stop + 1) {
		r = push_line(line, (size_t)(stop - line), list);
		if (r == -ENOMEM)
			return r;
		unreadable = r < 0 ? r : unreadable;
	}
	return unreadable;
}
