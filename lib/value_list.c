// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/arena.h"
#include "lib/value_internal.h"

#include <errno.h>
#include <string.h>

/* With OOM_KEY_WORKLOAD a word that is none of the choices may be a name: the reader of the whole
 * file can tell. */
static bool is_refused(const struct oom_key *key, const char *word)
{
	return key->choices && !(key->flags & OOM_KEY_WORKLOAD) &&
	       !oom_choices_have(key->choices, word, strlen(word));
}

/* A copy of @len bytes of @text without blanks at its ends. */
static char *copy_trimmed(struct oom_arena *arena, const char *text, size_t len)
{
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return oom_arena_strndup(arena, text, len);
}

static int list_append(struct oom_arena *arena, struct oom_value *value, const char *item)
{
	const char **items = oom_arena_grow(
		arena, value->list.items, value->list.count, sizeof(*value->list.items));

	if (!item || !items)
		return -ENOMEM;
	items[value->list.count++] = item;
	value->list.items = items;
	return 0;
}

/* The character that "\@c" stands for within quotes, or 0. */
static char unescape(char c)
{
	static const char from[] = "nts\\\"'", to[] = "\n\t \\\"'";
	const char *p = c ? strchr(from, c) : NULL;

	return p ? to[p - from] : 0;
}

/*
 * Reads one word at *@text, which is no blank: plain, or wholly in quotes as in systemd.syntax(7).
 * Backslashes have a meaning within quotes only.
 */
static int word_read(const char **text, struct oom_err *err, char *buf, size_t *ret_len)
{
	const char *p = *text;
	char quote = *p == '"' || *p == '\'' ? *p : 0;
	size_t len = 0;

	if (!quote) {
		*ret_len = strcspn(p, " \t");
		memcpy(buf, p, *ret_len);
		*text = p + *ret_len;
		return 0;
	}
	for (p++; *p && *p != quote; p++) {
		if (*p != '\\') {
			buf[len++] = *p;
			continue;
		}
		buf[len] = unescape(*++p);
		if (!buf[len++])
			return oom_err_set(
				err, EINVAL, "unknown escape '\\%.1s' (\\n \\t \\s \\\\ \\\")", p);
	}
	if (!*p)
		return oom_err_set(err, EINVAL, "a quote %c is never closed", quote);
	if (p[1] && p[1] != ' ' && p[1] != '\t')
		return oom_err_set(err, EINVAL, "no blank behind a closing quote %c", quote);
	*text = p + 1;
	*ret_len = len;
	return 0;
}

int oom_value_words(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	char *buf = oom_arena_alloc(arena, strlen(text) + 1);
	const char *p = text + strspn(text, " \t");
	size_t len = 0;
	int r;

	if (!buf)
		return -ENOMEM;
	while (*p) {
		r = word_read(&p, err, buf, &len);
		if (r == 0)
			r = list_append(arena, ret, oom_arena_strndup(arena, buf, len));
		if (r < 0)
			return r;
		if (is_refused(key, ret->list.items[ret->list.count - 1]))
			return oom_choices_refuse(
				key->choices, ret->list.items[ret->list.count - 1], err);
		p += strspn(p, " \t");
	}
	return 0;
}

int oom_value_alternatives(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	for (const char *p = text; p;) {
		size_t len = strcspn(p, "|");
		char *item = copy_trimmed(arena, p, len);
		int r = list_append(arena, ret, item);

		if (r < 0)
			return r;
		if (!*item)
			return oom_err_set(err, EINVAL, "'%s' has an empty alternative", text);
		if (is_refused(key, item))
			return oom_choices_refuse(key->choices, item, err);
		p = p[len] ? p + len + 1 : NULL;
	}
	return 0;
}

/* One end of a range, in the type's unit. */
static int end_parse(
	enum oom_type type, const char *text, struct oom_err *err, double *ret, bool *ret_percent)
{
	struct oom_size size;
	uint64_t usec;
	int64_t number;
	int r;

	*ret_percent = false;
	switch (type) {
	case OOM_T_RANGE_SIZE:
		r = oom_number_size(text, err, &size);
		if (r == 0) {
			*ret = size.is_percent ? size.percent : (double)size.bytes;
			*ret_percent = size.is_percent;
		}
		return r;
	case OOM_T_RANGE_DURATION:
		r = oom_number_duration(text, err, &usec);
		if (r == 0)
			*ret = (double)usec;
		return r;
	case OOM_T_RANGE_PERCENT:
		return oom_number_percent(text, err, ret);
	default:
		r = oom_number_int(text, err, &number);
		if (r == 0)
			*ret = (double)number;
		return r;
	}
}

/* "a..b", "a..", "..b" or "a"; @text is cut in two. */
static int range_parse(enum oom_type type, char *text, struct oom_arena *arena, struct oom_err *err,
	struct oom_range *ret)
{
	struct oom_range range = {0};
	char *dots = strstr(text, "..");
	const char *lo, *hi;
	int r;

	lo = dots ? copy_trimmed(arena, text, (size_t)(dots - text)) : text;
	hi = dots ? copy_trimmed(arena, dots + 2, strlen(dots + 2)) : text;
	if (!lo || !hi)
		return -ENOMEM;
	if (!*lo && !*hi)
		return oom_err_set(err, EINVAL, "'%s' is no range (a..b, a.., ..b)", text);
	range.has_lo = *lo;
	range.has_hi = *hi;
	r = range.has_lo ? end_parse(type, lo, err, &range.lo, &range.lo_percent) : 0;
	if (r == 0 && range.has_hi)
		r = end_parse(type, hi, err, &range.hi, &range.hi_percent);
	if (r < 0)
		return r;
	if (range.has_lo && range.has_hi && range.lo_percent == range.hi_percent &&
		range.lo > range.hi)
		return oom_err_set(
			err, EINVAL, "'%s' holds nothing: %s is more than %s", text, lo, hi);
	*ret = range;
	return 0;
}

int oom_value_ranges(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	for (const char *p = text; p;) {
		size_t len = strcspn(p, "|");
		char *item = copy_trimmed(arena, p, len);
		struct oom_range *items =
			oom_arena_grow(arena, ret->ranges.items, ret->ranges.count, sizeof(*items));
		int r;

		if (!item || !items)
			return -ENOMEM;
		ret->ranges.items = items;
		if (!*item)
			return oom_err_set(err, EINVAL, "'%s' has an empty alternative", text);
		r = range_parse(key->type, item, arena, err, &items[ret->ranges.count]);
		if (r < 0)
			return r;
		ret->ranges.count++;
		p = p[len] ? p + len + 1 : NULL;
	}
	return 0;
}

bool oom_value_in_ranges(const struct oom_value *value, double number, double whole)
{
	for (size_t i = 0; i < value->ranges.count; i++) {
		const struct oom_range *range = &value->ranges.items[i];
		double lo = range->lo_percent ? range->lo * whole / 100 : range->lo;
		double hi = range->hi_percent ? range->hi * whole / 100 : range->hi;

		if ((!range->has_lo || number >= lo) && (!range->has_hi || number <= hi))
			return true;
	}
	return false;
}
