// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/value_internal.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* More digits behind the point than a size or a time can use are a slip of the finger. */
enum { MAX_DECIMALS = 9 };

/* 12.034: whole 12, frac 34, scale 1000 (10 to the number of decimals) */
struct decimal {
	uint64_t whole, frac, scale;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits[.digits] at *@text and moves it behind them. Locale and sign have no say here. */
static int decimal_read(const char **text, struct decimal *ret)
{
	struct decimal d = {.scale = 1};
	const char *p = *text;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(d.whole, 10, &d.whole) ||
			__builtin_add_overflow(d.whole, (uint64_t)(*p - '0'), &d.whole))
			return -ERANGE;
	if (*p == '.' && is_digit(p[1])) {
		for (p++; is_digit(*p); p++) {
			d.frac = d.frac * 10 + (uint64_t)(*p - '0');
			d.scale *= 10;
			if (d.scale > 1000000000) /* 10^MAX_DECIMALS */
				return -ERANGE;
		}
	}
	*text = p;
	*ret = d;
	return 0;
}

/* @d * @unit, rounded down; -ERANGE beyond INT64_MAX, so that every sum of two fits a uint64_t. */
static int decimal_times(const struct decimal *d, uint64_t unit, uint64_t *ret)
{
	unsigned __int128 product = (unsigned __int128)d->whole * unit;

	product += (unsigned __int128)d->frac * unit / d->scale;
	if (product > INT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)product;
	return 0;
}

static int number_refuse(int r, const char *text, const char *what, struct oom_err *err)
{
	if (r == -ERANGE)
		return oom_err_set(err, ERANGE, "'%s' is too large or too precise", text);
	return oom_err_set(err, EINVAL, "'%s' is not a %s", text, what);
}

static const char suffixes[] = "BKMGTPE";

/* Tells a wrong suffix: 64m, 64MB, 64MiB, 64Q. */
static int suffix_refuse(const char *text, const char *suffix, struct oom_err *err)
{
	char upper = (*suffix >= 'a' && *suffix <= 'z') ? (char)(*suffix - 'a' + 'A') : *suffix;
	const char *rest = suffix + 1;

	if (upper && strchr(suffixes, upper) &&
		(!*rest || !strcmp(rest, "B") || !strcmp(rest, "b") || !strcmp(rest, "iB")))
		return oom_err_set(err, EINVAL, "'%s' is not a size, did you mean '%.*s%c'?", text,
			(int)(suffix - text), text, upper);
	if (*suffix == ' ' && strchr(suffixes, suffix[1]) && suffix[1] && !suffix[2])
		return oom_err_set(err, EINVAL, "'%s' is not a size, did you mean '%.*s%c'?", text,
			(int)(suffix - text), text, suffix[1]);
	return oom_err_set(err, EINVAL,
		"'%s' is not a size: unknown suffix '%s' (K, M, G, T or %%)", text, suffix);
}

int oom_number_size(const char *text, struct oom_err *err, struct oom_size *ret)
{
	const char *p = text, *suffix;
	struct decimal d;
	struct oom_size size = {0};
	uint64_t unit;
	int r;

	r = decimal_read(&p, &d);
	if (r < 0)
		return number_refuse(r, text, "size (64M, 1.5G, 50%)", err);
	if (!strcmp(p, "%")) {
		size.is_percent = true;
		size.percent = (double)d.whole + (double)d.frac / (double)d.scale;
		if (size.percent > 1000000)
			return number_refuse(-ERANGE, text, NULL, err);
		*ret = size;
		return 0;
	}
	suffix = *p ? strchr(suffixes, *p) : suffixes;
	if (!suffix || (*p && p[1]))
		return suffix_refuse(text, p, err);
	unit = 1ULL << (10 * (suffix - suffixes));
	if (unit == 1 && d.frac)
		return oom_err_set(
			err, EINVAL, "'%s' is not a whole number of bytes (1.5K, 1.5M?)", text);
	r = decimal_times(&d, unit, &size.bytes);
	if (r < 0)
		return number_refuse(r, text, NULL, err);
	*ret = size;
	return 0;
}

/* systemd.time(7) */
static const struct {
	const char *name;
	uint64_t usec;
} time_units[] = {
	{"s", 1000000},
	{"ms", 1000},
	{"us", 1},
	{"min", 60000000},
	{"h", 3600000000},
	{"usec", 1},
	{"μs", 1},
	{"µs", 1},
	{"msec", 1000},
	{"seconds", 1000000},
	{"second", 1000000},
	{"sec", 1000000},
	{"minutes", 60000000},
	{"minute", 60000000},
	{"m", 60000000},
	{"hours", 3600000000},
	{"hour", 3600000000},
	{"hr", 3600000000},
	{"days", 86400000000},
	{"day", 86400000000},
	{"d", 86400000000},
	{"weeks", 604800000000},
	{"week", 604800000000},
	{"w", 604800000000},
	{"months", 2629800000000},
	{"month", 2629800000000},
	{"M", 2629800000000},
	{"years", 31557600000000},
	{"year", 31557600000000},
	{"y", 31557600000000},
};

static const char *blanks_skip(const char *p)
{
	return p + strspn(p, " \t");
}

static int time_unit_read(const char **text, uint64_t *ret)
{
	const char *p = blanks_skip(*text);
	size_t len = strcspn(p, " \t0123456789.-+");

	if (!len) { /* a bare number is seconds */
		*ret = 1000000;
		return *p == '.' || *p == '-' || *p == '+' ? -EINVAL : 0;
	}
	for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++) {
		if (strlen(time_units[i].name) == len && !strncmp(time_units[i].name, p, len)) {
			*text = p + len;
			*ret = time_units[i].usec;
			return 0;
		}
	}
	return -EINVAL;
}

int oom_number_duration(const char *text, struct oom_err *err, uint64_t *ret_us)
{
	static const char what[] = "duration (2s, 250ms, 1min 30s)";
	const char *p = blanks_skip(text);
	uint64_t sum = 0;

	if (!*p)
		return number_refuse(-EINVAL, text, what, err);
	while (*p) {
		uint64_t unit, part = 0;
		struct decimal d;
		int r = decimal_read(&p, &d);

		if (r == 0)
			r = time_unit_read(&p, &unit);
		if (r == 0)
			r = decimal_times(&d, unit, &part);
		if (r < 0)
			return number_refuse(r, text, what, err);
		sum += part;
		if (sum > INT64_MAX)
			return number_refuse(-ERANGE, text, what, err);
		p = blanks_skip(p);
	}
	*ret_us = sum;
	return 0;
}

int oom_number_int(const char *text, struct oom_err *err, int64_t *ret)
{
	const char *p = text;
	bool negative = *p == '-';
	uint64_t magnitude = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (!is_digit(*p))
		return number_refuse(-EINVAL, text, "whole number", err);
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
			__builtin_add_overflow(magnitude, (uint64_t)(*p - '0'), &magnitude))
			return number_refuse(-ERANGE, text, NULL, err);
	if (*p)
		return number_refuse(-EINVAL, text, "whole number", err);
	if (magnitude > INT64_MAX)
		return number_refuse(-ERANGE, text, NULL, err);
	*ret = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return 0;
}

int oom_number_percent(const char *text, struct oom_err *err, double *ret)
{
	const char *p = text;
	struct decimal d;
	int r;

	r = decimal_read(&p, &d);
	if (r == 0 && *p && strcmp(p, "%") != 0)
		r = -EINVAL;
	if (r < 0)
		return number_refuse(r, text, "percentage (10%)", err);
	*ret = (double)d.whole + (double)d.frac / (double)d.scale;
	return 0;
}

int oom_parse_size(const char *text, struct oom_size *ret)
{
	return oom_number_size(text, NULL, ret);
}

int oom_parse_duration(const char *text, uint64_t *ret_us)
{
	return oom_number_duration(text, NULL, ret_us);
}

int oom_parse_int(const char *text, int64_t *ret)
{
	return oom_number_int(text, NULL, ret);
}

int oom_parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(text, words[i])) {
			*ret = i & 1;
			return 0;
		}
	}
	return -EINVAL;
}

uint64_t oom_size_bytes(const struct oom_size *size, uint64_t whole_bytes)
{
	if (!size->is_percent)
		return size->bytes;
	return (uint64_t)((double)whole_bytes * size->percent / 100);
}
