// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/say/say.h"

#include "lib/base/escape.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* One write for what a message is: some lines, a path of 4096 bytes in escapes among them. */
#define SINK_BYTES (20 * 1024)

/* Text on its way out. Without memory of its own an error path cannot fail. */
struct sink {
	FILE *out;
	bool utf8;
	bool at_start; /* of a line: only blanks so far, or what a reader may take for blanks */
	size_t len;
	char buf[SINK_BYTES];
};

bool oom_say_locale_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!locale)
		return false;
	utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return utf8;
}

bool oom_say_utf8(int fd)
{
	return !isatty(fd) || oom_say_locale_utf8();
}

static void sink_drain(struct sink *sink)
{
	fwrite(sink->buf, 1, sink->len, sink->out);
	sink->len = 0;
}

/* Blanks are what .NET trims; which characters beyond ASCII are blank is not worth a table. */
static bool still_at_start(bool at_start, char c)
{
	return c == '\n' || (at_start && (c == ' ' || c == '\t' || c & 0x80));
}

static void put(struct sink *sink, const char *text, size_t len)
{
	if (sink->len + len > SINK_BYTES)
		sink_drain(sink);
	if (len > SINK_BYTES) {
		fwrite(text, 1, len, sink->out);
	} else {
		memcpy(sink->buf + sink->len, text, len);
		sink->len += len;
	}
	for (size_t i = 0; i < len; i++)
		sink->at_start = still_at_start(sink->at_start, text[i]);
}

/* @text up to @max bytes of it, made harmless, in a field of @width (to the left when negative). */
static void put_argument(struct sink *sink, const char *text, int width, size_t max)
{
	char piece[OOM_ESCAPE_BYTES];
	const char *end;
	size_t columns = 0, len;

	text = text ? text : "?";
	end = text + strnlen(text, max);
	for (const char *p = text;
		width && p < end && (len = oom_escape_next(&p, sink->utf8, piece));)
		columns += *piece & 0x80 ? 1 : len;
	for (int blanks = width - (int)columns; blanks > 0; blanks--)
		put(sink, " ", 1);
	while (text < end && (len = oom_escape_next(&text, sink->utf8, piece))) {
		/* the format may have the second of them behind it */
		if (*piece == ':' && sink->at_start && (text == end || *text == ':'))
			put(sink, "\\x3a", 4);
		else
			put(sink, piece, len);
	}
	for (int blanks = -width - (int)columns; blanks > 0; blanks--)
		put(sink, " ", 1);
}

/* One conversion of a format: "%-*.3lld". */
struct conversion {
	char spec[48]; /* as it stands, with the numbers that '*' stood for */
	int width, precision;
	char length; /* 'l', 'q' for ll, 'h', 'j', 'z', 't', or 0 */
	char type;
};

/* va_list may be an array, which a function cannot take by reference but in a struct. */
struct arguments {
	va_list list;
};

static const char *number_read(const char *fmt, struct arguments *arguments, int *ret)
{
	if (*fmt == '*') {
		*ret = va_arg(arguments->list, int);
		return fmt + 1;
	}
	for (*ret = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		*ret = *ret * 10 + *fmt - '0';
	return fmt;
}

/* Reads what follows a '%'; returns its end. */
static const char *conversion_read(
	const char *fmt, struct arguments *arguments, struct conversion *ret)
{
	char flags[8] = "", modifier[3] = "";
	size_t n = strspn(fmt, "-+ #0'");

	*ret = (struct conversion){.precision = -1};
	memcpy(flags, fmt, n < sizeof(flags) - 1 ? n : sizeof(flags) - 1);
	fmt = number_read(fmt + n, arguments, &ret->width);
	if (*fmt == '.')
		fmt = number_read(fmt + 1, arguments, &ret->precision);
	if (strchr(flags, '-') && ret->width > 0)
		ret->width = -ret->width;
	for (n = 0; strchr("hljztL", *fmt) && *fmt && n < 2; n++)
		modifier[n] = *fmt++;
	ret->length = modifier[0] == 'l' && modifier[1] ? 'q' : modifier[0];
	ret->type = *fmt ? *fmt++ : '\0';
	if (ret->precision >= 0)
		snprintf(ret->spec, sizeof(ret->spec), "%%%s*.%d%s%c", flags, ret->precision,
			modifier, ret->type);
	else
		snprintf(ret->spec, sizeof(ret->spec), "%%%s*%s%c", flags, modifier, ret->type);
	return fmt;
}

/* A number: digits and signs alone, whatever the argument. */
static int number_print(
	const struct conversion *c, struct arguments *arguments, char *buf, size_t size)
{
	if (c->type == 'p')
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, void *));
	if (c->length == 'L')
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, long double));
	if (strchr("eEfFgGaA", c->type))
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, double));
	switch (c->length) {
	case 'l':
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, long));
	case 'q':
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, long long));
	case 'j':
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, intmax_t));
	case 'z':
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, size_t));
	case 't':
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, ptrdiff_t));
	default:
		return snprintf(buf, size, c->spec, c->width, va_arg(arguments->list, int));
	}
}

static void put_conversion(
	struct sink *sink, const struct conversion *c, struct arguments *arguments)
{
	char number[512], character[2] = "";
	int n;

	switch (c->type) {
	case '%':
		put(sink, "%", 1);
		break;
	case 's':
		put_argument(sink, va_arg(arguments->list, const char *), c->width,
			c->precision < 0 ? SIZE_MAX : (size_t)c->precision);
		break;
	case 'c':
		character[0] = (char)va_arg(arguments->list, int);
		put_argument(sink, character, c->width, 1);
		break;
	default:
		n = number_print(c, arguments, number, sizeof(number));
		put(sink, number,
			n < 0				  ? 0
				: n < (int)sizeof(number) ? (size_t)n
							  : sizeof(number) - 1);
	}
}

static void say(FILE *out, bool utf8, const char *fmt, struct arguments *arguments)
{
	struct sink sink = {.out = out, .utf8 = utf8, .at_start = true};

	while (*fmt) {
		size_t literal = strcspn(fmt, "%");
		struct conversion conversion;

		put(&sink, fmt, literal);
		fmt += literal;
		if (!*fmt)
			break;
		fmt = conversion_read(fmt + 1, arguments, &conversion);
		put_conversion(&sink, &conversion, arguments);
	}
	sink_drain(&sink);
}

void oom_say(FILE *out, const char *fmt, ...)
{
	struct arguments arguments;

	va_start(arguments.list, fmt);
	say(out, oom_say_utf8(fileno(out)), fmt, &arguments);
	va_end(arguments.list);
}

void oom_say_lines(FILE *out, const char *text)
{
	struct sink sink = {.out = out, .utf8 = oom_say_utf8(fileno(out)), .at_start = true};

	while (*text) {
		size_t len = strcspn(text, "\n\t");

		put_argument(&sink, text, 0, len);
		put(&sink, text + len, text[len] != '\0');
		text += len + (text[len] != '\0');
	}
	sink_drain(&sink);
}

void oom_say_report(struct oom_say_report *report, const char *data, size_t size)
{
	const char *end = data + size, *from = data;

	if (report->colon) {
		fputs(size && *data == ':' ? "\\x3a" : ":", report->out);
		report->colon = false;
		report->at_start = false;
	}
	for (const char *p = data; p < end; p++) {
		if (!report->commands && report->at_start && *p == ':' &&
			(p + 1 == end || p[1] == ':')) {
			fwrite(from, 1, (size_t)(p - from), report->out);
			from = p + 1;
			report->colon = p + 1 == end;
			if (!report->colon)
				fputs("\\x3a", report->out);
		}
		report->at_start = still_at_start(report->at_start, *p);
	}
	if (from < end) /* the last piece may be no pointer at all */
		fwrite(from, 1, (size_t)(end - from), report->out);
}
