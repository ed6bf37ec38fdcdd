// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/sentence.h"
#include "lib/base/utf8.h"
#include "lib/scenario/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Long names are shortened; this holds every message. */
enum { MESSAGE_MAX = 512 };

static int diag_vadd(struct oom_diags *diags, const char *path, struct oom_place place,
	const char *fmt, va_list args)
{
	struct oom_diag *items =
		oom_arena_grow(&diags->arena, diags->items, diags->count, sizeof(*items));
	char msg[MESSAGE_MAX];
	struct oom_diag diag = {.place = place};

	oom_sentence_vformat(msg, sizeof(msg), fmt, args);
	oom_utf8_mend(msg);
	diag.path = oom_arena_strdup(&diags->arena, path);
	diag.msg = oom_arena_strdup(&diags->arena, msg);
	if (!items || !diag.path || !diag.msg)
		return -ENOMEM;
	diags->items = items;
	items[diags->count++] = diag;
	return 0;
}

int oom_diag_add(
	struct oom_diags *diags, const char *path, struct oom_place place, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = diag_vadd(diags, path, place, fmt, args);
	va_end(args);
	return r;
}

void oom_diags_release(struct oom_diags *diags)
{
	oom_arena_release(&diags->arena);
	memset(diags, 0, sizeof(*diags));
}

void oom_reader_mistake(struct oom_reader *reader, struct oom_place place, const char *fmt, ...)
{
	size_t count = reader->diags->count - reader->first_diag;
	va_list args;
	int r;

	if (count > OOM_SCENARIO_MISTAKES_MAX)
		return;
	if (count == OOM_SCENARIO_MISTAKES_MAX) {
		r = oom_diag_add(reader->diags, reader->path, place,
			"more than %d mistakes, the rest are not shown", OOM_SCENARIO_MISTAKES_MAX);
	} else {
		va_start(args, fmt);
		r = diag_vadd(reader->diags, reader->path, place, fmt, args);
		va_end(args);
	}
	if (r < 0)
		reader->no_memory = true;
}
