/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UTF8_H
#define OOM_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid UTF-8 sequence at @text (RFC 3629: no surrogates, nothing overlong), or 0. */
size_t oom_utf8_len(const char *text, size_t len);

/* Bytes of the well-formed sequence that the string @text begins with (RFC 3629), and its character; 0,
 * and @ret_cp untouched, when there is none. A surrogate is let through: it is no character, though. */
size_t oom_utf8_decode(const char *text, uint32_t *ret_cp);

/*
 * Copies @text with each byte that is not UTF-8 replaced by U+FFFD. @dst holds 3 * @len + 1 bytes.
 * Returns the length written, without the NUL.
 */
size_t oom_utf8_clean(char *dst, const char *text, size_t len);

/* Puts '?' where @text (cut somewhere, perhaps) is not valid UTF-8 or would move a terminal's cursor. */
void oom_utf8_mend(char *text);
/* Characters in the first @len bytes of valid UTF-8. */
unsigned oom_utf8_count(const char *text, size_t len);

#endif
