/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SENTENCE_H
#define OOM_SENTENCE_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As vsnprintf(3), for a sentence that a person reads: where @size is too small, not its end is lost but
 * the middle of its longest words (%s): 'aaaa…zzzz', a text with blanks between two of them. What is too
 * long even so ends behind a word, in "…". Likewise %.60s keeps both ends of a longer word; %.*s is the
 * length of a word that has no NUL. No character is cut (UTF-8). Conversions: s c d i u x X o f g p m %.
 */
void oom_sentence_vformat(char *buf, size_t size, const char *fmt, va_list args);
void oom_sentence_format(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
