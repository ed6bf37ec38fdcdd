// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reports/view_list.h"

#include "lib/base/bounded.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct oom_view_list oom_view_list_begin(
	struct oom_arena *arena, const char *separator, size_t shown)
{
	return (struct oom_view_list){.arena = arena, .separator = separator, .shown = shown};
}

/* Room for @len bytes more and a NUL. */
static bool make_room(struct oom_view_list *list, size_t len)
{
	size_t size = 2 * (list->len + len) + 256;
	char *moved;

	if (list->text && list->size - list->len > len)
		return true;
	moved = oom_arena_alloc(list->arena, size);
	if (!moved) {
		list->failed = true;
		return false;
	}
	if (list->len)
		memcpy(moved, list->text, list->len);
	list->text = moved;
	list->size = size;
	return true;
}

static void append(struct oom_view_list *list, const char *fmt, va_list args)
{
	size_t separator = list->len ? strlen(list->separator) : 0;
	struct oom_bounded item;
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n <= 0 || !make_room(list, separator + (size_t)n))
		return;
	memcpy(list->text + list->len, list->separator, separator);
	list->len += separator;
	item = oom_bounded_in(list->text + list->len, (size_t)n + 1);
	oom_bounded_vprintf(&item, fmt, args);
	list->len += item.len;
}

bool oom_view_list_tells(const struct oom_view_list *list)
{
	return list->count < list->shown;
}

void oom_view_list_skip(struct oom_view_list *list)
{
	list->count++;
}

void oom_view_list_add(struct oom_view_list *list, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (oom_view_list_tells(list))
		append(list, fmt, args);
	va_end(args);
	list->count++;
}

const char *oom_view_list_end(struct oom_view_list *list)
{
	if (list->count > list->shown) {
		size_t more = list->count - list->shown;

		list->shown = SIZE_MAX;
		oom_view_list_add(list, "and %zu more", more);
	}
	return list->failed ? NULL : list->text ? list->text : "";
}
