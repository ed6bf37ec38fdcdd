// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/arena.h"
#include "lib/base/format.h"
#include "lib/scenario/exec_line.h"
#include "lib/scenario/value_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Is @text one of the words that mean "no end" for this key? */
static bool is_endless(const struct oom_key *key, const char *text)
{
	return oom_choices_have(key->choices, text, strlen(text));
}

static int parse_bool(const char *text, struct oom_err *err, bool *ret)
{
	if (oom_parse_bool(text, ret) < 0)
		return oom_err_set(err, EINVAL, "'%s' is neither yes nor no", text);
	return 0;
}

static int parse_int(const struct oom_key *key, const char *text, struct oom_err *err, int64_t *ret)
{
	int64_t number = INT64_MAX;
	int r;

	if (!is_endless(key, text)) {
		r = oom_number_int(text, err, &number);
		if (r < 0)
			return r;
		if (key->max > key->min && (number < key->min || number > key->max))
			return oom_number_outside(key, text, err);
	}
	*ret = number;
	return 0;
}

static bool outside(const struct oom_key *key, uint64_t number)
{
	return key->max > key->min && (number < (uint64_t)key->min || number > (uint64_t)key->max);
}

static int parse_size(
	const struct oom_key *key, const char *text, struct oom_err *err, struct oom_size *ret)
{
	struct oom_size size = {.bytes = UINT64_MAX};
	char min[24], max[24];
	int r;

	if (!is_endless(key, text)) {
		r = oom_number_size(text, err, &size);
		if (r < 0)
			return r;
		if (key->flags & OOM_KEY_PERCENT && !size.is_percent)
			return oom_err_set(err, EINVAL, "'%s' is not a percentage (50%%)", text);
		if (key->flags & OOM_KEY_ABSOLUTE && size.is_percent)
			return oom_err_set(
				err, EINVAL, "'%s': a percentage is not allowed here (64M?)", text);
		if (!size.is_percent && outside(key, size.bytes))
			return oom_err_set(err, ERANGE, "'%s' is outside %s..%s", text,
				oom_format_size((uint64_t)key->min, min),
				oom_format_size((uint64_t)key->max, max));
	}
	*ret = size;
	return 0;
}

static int parse_duration(
	const struct oom_key *key, const char *text, struct oom_err *err, uint64_t *ret_us)
{
	uint64_t usec = UINT64_MAX;
	char min[24], max[24];
	int r;

	if (!is_endless(key, text)) {
		r = oom_number_duration(text, err, &usec);
		if (r < 0)
			return r;
		if (outside(key, usec))
			return oom_err_set(err, ERANGE, "'%s' is outside %s..%s", text,
				oom_format_duration((uint64_t)key->min, min),
				oom_format_duration((uint64_t)key->max, max));
	}
	*ret_us = usec;
	return 0;
}

static int parse_choice(const struct oom_key *key, const char *text, struct oom_err *err)
{
	if (key->choices && !oom_choices_have(key->choices, text, strlen(text)))
		return oom_choices_refuse(key->choices, text, err);
	return 0;
}

/* "hog reached 100M": subject, event, and a size for that one event */
static int parse_when(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	static const char events[] = "started|reached|killed|ended";
	char *copy = oom_arena_strdup(arena, text), *save = NULL;
	const char *subject, *event, *size, *rest;
	size_t at_event, at_size;
	int r;

	if (!copy)
		return -ENOMEM;
	subject = strtok_r(copy, " \t", &save);
	event = strtok_r(NULL, " \t", &save);
	size = strtok_r(NULL, " \t", &save);
	rest = strtok_r(NULL, " \t", &save);
	at_event = event ? (size_t)(event - copy) : 0;
	at_size = size ? (size_t)(size - copy) : 0;
	if (key->flags & OOM_KEY_DELAY && text[0] >= '0' && text[0] <= '9') {
		ret->when.event = OOM_WHEN_DELAY;
		return parse_duration(key, text, err, &ret->when.usec);
	}
	if (!event)
		return oom_err_set(err, EINVAL,
			"'%s' is not an event (hog reached 100M, hog killed%s)", text,
			key->flags & OOM_KEY_DELAY ? ", 2s" : "");
	if (!oom_choices_have(events, event, strlen(event)))
		return oom_value_at(err, at_event, oom_choices_refuse(events, event, err));
	for (const char *p = events; strncmp(p, event, strlen(event)) != 0; p = strchr(p, '|') + 1)
		ret->when.event++;
	ret->when.subject = subject;
	if (ret->when.event != OOM_WHEN_REACHED && size)
		return oom_value_at(err, at_size,
			oom_err_set(err, EINVAL, "'%s' follows '%s', which takes no size", size,
				event));
	if (ret->when.event != OOM_WHEN_REACHED)
		return 0;
	if (!size)
		return oom_value_at(err, at_event,
			oom_err_set(
				err, EINVAL, "'%s' needs a size: %s reached 100M", event, subject));
	if (rest)
		return oom_value_at(err, (size_t)(rest - copy),
			oom_err_set(
				err, EINVAL, "unexpected '%s' after the size '%s'", rest, size));
	r = oom_number_size(size, err, &ret->when.size);
	return r < 0 ? oom_value_at(err, at_size, r) : 0;
}

static int parse_typed(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *value)
{
	switch (key->type) {
	case OOM_T_STRING:
		return oom_value_text(arena, key, text, err, &value->text);
	case OOM_T_BOOL:
		return parse_bool(text, err, &value->boolean);
	case OOM_T_INT:
		return parse_int(key, text, err, &value->integer);
	case OOM_T_SIZE:
		return parse_size(key, text, err, &value->size);
	case OOM_T_DURATION:
		return parse_duration(key, text, err, &value->usec);
	case OOM_T_CHOICE:
		return parse_choice(key, text, err);
	case OOM_T_WORDS:
		return oom_value_words(arena, key, text, err, value);
	case OOM_T_COMMAND:
		return oom_command_check(arena, text, err);
	case OOM_T_EXEC:
		return oom_exec_line_parse(
			arena, text, err, &value->exec.items, &value->exec.count);
	case OOM_T_ALTERNATIVES:
		return oom_value_alternatives(arena, key, text, err, value);
	case OOM_T_RANGE_INT:
	case OOM_T_RANGE_SIZE:
	case OOM_T_RANGE_DURATION:
	case OOM_T_RANGE_PERCENT:
		return oom_value_ranges(arena, key, text, err, value);
	case OOM_T_WHEN:
		return parse_when(arena, key, text, err, value);
	case OOM_T_COUNT_:
		break;
	}
	return oom_err_set(err, EINVAL, "'%s=' has no type", key->name);
}

int oom_value_parse(struct oom_arena *arena, const struct oom_key *key, const char *text,
	struct oom_err *err, struct oom_value *ret)
{
	struct oom_value value = {.type = key->type};
	const char *start = text + strspn(text, " \t");
	size_t len = strlen(start);
	int r;

	while (len && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	value.text = oom_arena_strndup(arena, start, len);
	if (!value.text)
		return oom_err_set(err, ENOMEM, "out of memory");
	if (!len && (key->type != OOM_T_STRING || !(key->flags & OOM_KEY_REPEATS)))
		return oom_err_set(err, EINVAL, "the value is empty");
	r = parse_typed(arena, key, value.text, err, &value);
	if (r == -ENOMEM)
		return oom_err_set(err, ENOMEM, "out of memory");
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}

static const char *const names[OOM_T_COUNT_] = {
	[OOM_T_STRING] = "text",
	[OOM_T_BOOL] = "yes or no",
	[OOM_T_INT] = "number",
	[OOM_T_SIZE] = "size",
	[OOM_T_DURATION] = "duration",
	[OOM_T_CHOICE] = "word",
	[OOM_T_WORDS] = "words",
	[OOM_T_COMMAND] = "command line",
	[OOM_T_EXEC] = "command line",
	[OOM_T_ALTERNATIVES] = "alternatives",
	[OOM_T_RANGE_INT] = "range",
	[OOM_T_RANGE_SIZE] = "range of sizes",
	[OOM_T_RANGE_DURATION] = "range of durations",
	[OOM_T_RANGE_PERCENT] = "range of percentages",
	[OOM_T_WHEN] = "event",
};

const char *oom_type_name(enum oom_type type)
{
	return type < OOM_T_COUNT_ ? names[type] : "?";
}
