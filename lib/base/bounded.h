/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BOUNDED_H
#define OOM_BOUNDED_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Text that is put together in a buffer of a fixed size: what does not fit is left out, from the first byte
 * that does not fit on, and .cut says so. The text is whole at all times: it ends in a NUL within the buffer,
 * or, in a buffer of no bytes, does not exist.
 */
struct oom_bounded {
	char *buf;
	size_t size; /* of .buf, with the NUL */
	size_t len; /* without it */
	bool cut;
};

/* Begins an empty text in @buf of @size bytes. */
struct oom_bounded oom_bounded_in(char *buf, size_t size);
/* Goes on behind the text that @buf holds. */
struct oom_bounded oom_bounded_behind(char *buf, size_t size);
/* Begins in an array; a pointer is refused when it is compiled. */
#define OOM_BOUNDED(array)                                                                         \
	oom_bounded_in((array), sizeof(array) + 0 * sizeof(char[1 - 2 * OOM_IS_POINTER(array)]))
#define OOM_IS_POINTER(array)                                                                      \
	__builtin_types_compatible_p(__typeof__(array), __typeof__(&(array)[0]))

/* Each puts something behind what is there. Bytes may be NULs. */
void oom_bounded_bytes(struct oom_bounded *text, const void *data, size_t len);
void oom_bounded_text(struct oom_bounded *text, const char *more);
void oom_bounded_char(struct oom_bounded *text, char c);
void oom_bounded_printf(struct oom_bounded *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void oom_bounded_vprintf(struct oom_bounded *text, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Takes back what was put behind the first @len bytes; what was cut stays cut. */
void oom_bounded_back(struct oom_bounded *text, size_t len);
/* 0, or -ENAMETOOLONG when something was left out. */
int oom_bounded_end(const struct oom_bounded *text);

#endif
