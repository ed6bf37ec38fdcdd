// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/base/bounded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct oom_bounded oom_bounded_in(char *buf, size_t size)
{
	if (size)
		*buf = '\0';
	return (struct oom_bounded){.buf = buf, .size = size};
}

struct oom_bounded oom_bounded_behind(char *buf, size_t size)
{
	size_t len = strnlen(buf, size);

	/* without a NUL there is no text */
	return len < size ? (struct oom_bounded){.buf = buf, .size = size, .len = len}
			  : oom_bounded_in(buf, size);
}

/* How many bytes may still be put, beside the NUL. After a cut, none: what comes later is not the next. */
static size_t room(const struct oom_bounded *text)
{
	return text->cut || !text->size ? 0 : text->size - text->len - 1;
}

void oom_bounded_bytes(struct oom_bounded *text, const void *data, size_t len)
{
	size_t fits = room(text);

	if (len > fits) {
		len = fits;
		text->cut = true;
	}
	if (!len)
		return;
	memcpy(text->buf + text->len, data, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

void oom_bounded_text(struct oom_bounded *text, const char *more)
{
	oom_bounded_bytes(text, more, strlen(more));
}

void oom_bounded_char(struct oom_bounded *text, char c)
{
	oom_bounded_bytes(text, &c, 1);
}

void oom_bounded_vprintf(struct oom_bounded *text, const char *fmt, va_list args)
{
	size_t fits = room(text);
	/* one byte more than fits: the NUL's */
	int n = vsnprintf(fits ? text->buf + text->len : NULL, fits ? fits + 1 : 0, fmt, args);

	if (n < 0 || (size_t)n > fits) {
		text->cut = true;
		n = n < 0 ? 0 : (int)fits;
	}
	text->len += (size_t)n;
	if (text->size)
		text->buf[text->len] = '\0';
}

void oom_bounded_printf(struct oom_bounded *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	oom_bounded_vprintf(text, fmt, args);
	va_end(args);
}

void oom_bounded_back(struct oom_bounded *text, size_t len)
{
	if (len >= text->len)
		return;
	text->len = len;
	text->buf[len] = '\0';
}

int oom_bounded_end(const struct oom_bounded *text)
{
	return text->cut ? -ENAMETOOLONG : 0;
}
