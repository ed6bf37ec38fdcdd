// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/words.h"
#include "lib/scenario/value_internal.h"

#include <errno.h>
#include <string.h>

/* With OOM_KEY_WORKLOAD a word that is none of the choices may be a name: the reader of the whole
 * file can tell. */
static bool is_refused(const struct oom_key *key, const char *word)
{
	return key->choices && !(key->flags & OOM_KEY_WORKLOAD) &&
		!oom_choices_have(key->choices, word, strlen(word));
}

int oom_value_at(struct oom_err *err, size_t at, int r)
{
	if (err)
		err->at = at;
	return r;
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

/* @at: where in the value's text it begins. */
static int list_append(
	struct oom_arena *arena, struct oom_value *value, const char *item, size_t at)
{
	const char **items = oom_arena_grow(
		arena, value->list.items, value->list.count, sizeof(*value->list.items));
	size_t *places = oom_arena_grow(arena, value->list.at, value->list.count, sizeof(*places));

	if (!item || !items || !places)
		return -ENOMEM;
	places[value->list.count] = at;
	items[value->list.count++] = item;
	value->list.items = items;
	value->list.at = places;
	return 0;
}

int oom_value_words(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	char *buf = oom_arena_alloc(arena, strlen(text) + 1);
	const char *p = text, *start = text;
	size_t len = 0;
	int r;

	if (!buf)
		return -ENOMEM;
	while ((r = oom_word_read(&p, buf, &len)) > 0) {
		r = list_append(
			arena, ret, oom_arena_strndup(arena, buf, len), (size_t)(start - text));
		if (r == 0 && is_refused(key, buf))
			r = oom_value_at(err, (size_t)(start - text),
				oom_choices_refuse(key->choices, buf, err));
		if (r < 0)
			return r;
		start = p;
	}
	if (r < 0)
		return oom_value_at(err, (size_t)(p - text),
			oom_err_set(err, EINVAL, "missing closing quote %c", *p));
	return 0;
}

/* a|b|c again, once a word of it has got another form. */
static int join_words(struct oom_arena *arena, struct oom_value *value)
{
	value->text = value->list.items[0];
	for (size_t i = 1; value->text && i < value->list.count; i++)
		value->text = oom_arena_printf(arena, "%s|%s", value->text, value->list.items[i]);
	return value->text ? 0 : -ENOMEM;
}

/* A word that is none of .choices: 0 when it is a signal for a key of signals. */
static int alternative_check(struct oom_arena *arena, const struct oom_key *key,
	struct oom_err *err, const char **word, bool *changed)
{
	const char *before = *word;
	int r;

	if (!is_refused(key, *word))
		return 0;
	if (key->flags & OOM_KEY_SENDER && oom_value_is_sender(*word))
		return oom_value_sender(*word, err);
	if (!(key->flags & OOM_KEY_SIGNAL))
		return oom_choices_refuse(key->choices, *word, err);
	r = oom_value_signal(arena, *word, err, word);
	*changed |= *word != before;
	return r;
}

int oom_value_alternatives(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	bool changed = false;

	for (const char *p = text; p;) {
		size_t len = strcspn(p, "|");
		char *item = copy_trimmed(arena, p, len);
		size_t at = (size_t)(p - text) + strspn(p, " \t");
		int r = list_append(arena, ret, item, at);

		if (r < 0)
			return r;
		if (!*item)
			return oom_value_at(err, (size_t)(p - text),
				oom_err_set(err, EINVAL, "'%s' has an empty alternative", text));
		r = alternative_check(
			arena, key, err, &ret->list.items[ret->list.count - 1], &changed);
		if (r < 0)
			return oom_value_at(err, at, r);
		p = p[len] ? p + len + 1 : NULL;
	}
	return changed ? join_words(arena, ret) : 0;
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

/* Of counts only: sizes and times may be anything. */
static bool is_outside(const struct oom_key *key, double number)
{
	return key->type == OOM_T_RANGE_INT && key->max > key->min &&
		(number < (double)key->min || number > (double)key->max);
}

/* "a..b", "a..", "..b" or "a"; @text is cut in two. */
static int range_parse(const struct oom_key *key, char *text, struct oom_arena *arena,
	struct oom_err *err, struct oom_range *ret)
{
	enum oom_type type = key->type;
	struct oom_range range = {0};
	char *dots = strstr(text, "..");
	const char *lo, *hi;
	int r;

	lo = dots ? copy_trimmed(arena, text, (size_t)(dots - text)) : text;
	hi = dots ? copy_trimmed(arena, dots + 2, strlen(dots + 2)) : text;
	if (!lo || !hi)
		return -ENOMEM;
	if (!*lo && !*hi)
		return oom_err_set(err, EINVAL, "'%s' is not a range (a..b, a.., ..b)", text);
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
			err, EINVAL, "'%s' is an empty range: %s is more than %s", text, lo, hi);
	if (range.has_lo && is_outside(key, range.lo))
		return oom_number_outside(key, lo, err);
	if (range.has_hi && is_outside(key, range.hi))
		return oom_number_outside(key, hi, err);
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
			return oom_value_at(err, (size_t)(p - text),
				oom_err_set(err, EINVAL, "'%s' has an empty alternative", text));
		r = range_parse(key, item, arena, err, &items[ret->ranges.count]);
		if (r < 0)
			return oom_value_at(err, (size_t)(p - text) + strspn(p, " \t"), r);
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
