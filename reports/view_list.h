/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_VIEW_LIST_H
#define OOM_VIEW_LIST_H

#include "lib/base/arena.h"

#include <stdbool.h>

/*
 * A list as a person reads it, "a, b, c": the first @shown are told, the rest is counted, "and 412 more". It
 * costs what is told of it, however long it is.
 */
enum { OOM_VIEW_SHOWN = 20 };

struct oom_view_list {
	struct oom_arena *arena;
	const char *separator;
	size_t shown, count;
	char *text; /* in the arena: it moves as it grows */
	size_t len, size;
	bool failed;
};

struct oom_view_list oom_view_list_begin(
	struct oom_arena *arena, const char *separator, size_t shown);
/* Another item; an empty one counts as none. */
void oom_view_list_add(struct oom_view_list *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Will the next be told? If not, oom_view_list_skip() is enough for it. */
bool oom_view_list_tells(const struct oom_view_list *list);
void oom_view_list_skip(struct oom_view_list *list);
/* "" without items; NULL without memory. It lies in the arena. */
const char *oom_view_list_end(struct oom_view_list *list);

#endif
