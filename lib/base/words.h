/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_WORDS_H
#define OOM_WORDS_H

#include <stddef.h>

/*
 * Reads one word at *@text, as systemd reads words in unit files (systemd.syntax(7), "Quoting" in
 * systemd.service(5); extract_first_word_and_warn() of src/basic/extract-word.c): blanks separate, '…'
 * and "…" hold blanks and may begin within a word, and C escapes have a meaning in quotes and outside:
 * \a \b \f \n \r \t \v \s \\ \" \' \xHH \OOO \uHHHH \UHHHHHHHH. An escape that is unknown, or that would
 * make a NUL, is kept as it is written, the backslash included.
 *
 * @out takes strlen(*@text) + 1 bytes at most. Returns 1 with a word in @out (NUL behind it, and
 * *@text behind the blanks that follow), 0 where none is left, -EINVAL with *@text at a quote that is
 * never closed.
 */
int oom_word_read(const char **text, char *out, size_t *ret_len);

#endif
