/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ESCAPE_H
#define OOM_ESCAPE_H

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>

/* What lib/base/escape.h does for any text, in the forms that only reports have. */

/* Escaped for element content and attribute values of XML and HTML, with their entities; without
 * @utf8 other characters become references, which lose nothing. */
void oom_escape_xml(FILE *out, const char *text, bool utf8);

/* Columns that escaped text takes on a terminal; wants an oom_utf8_locale around it. */
size_t oom_text_columns(const char *text);
/* Escaped text cut to @columns, the last of them "…" (ASCII: "..."); 0: not at all. */
const char *oom_text_cut(struct oom_arena *arena, const char *text, size_t columns, bool utf8);
/*
 * Takes the next line of at most @columns off escaped text (0: all of it), behind a separator of a list or at a
 * blank where there is one: the line
 * is returned, *@text is what is left, "" at the end. NULL without memory.
 */
const char *oom_text_break(struct oom_arena *arena, const char **text, size_t columns);
/* Text with blanks behind it up to @columns. */
void oom_text_pad(FILE *out, const char *text, size_t columns);

/*
 * The calling thread sees a UTF-8 locale until the variable's scope ends, whatever the program's
 * locale is, so that columns are counted rightly and alike on every machine:
 *	oom_with_utf8(locale);
 */
struct oom_utf8_locale {
	locale_t utf8, before;
};
struct oom_utf8_locale oom_utf8_locale_enter(void);
void oom_utf8_locale_leave(struct oom_utf8_locale *locale);
#define oom_with_utf8(var)                                                                         \
	oom_cleanup(oom_utf8_locale_leave) __attribute__((unused)) struct oom_utf8_locale var =    \
		oom_utf8_locale_enter()

#endif
