/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LIB_ESCAPE_H
#define OOM_LIB_ESCAPE_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Untrusted text, made harmless. What a terminal or a parser could take for a command becomes \xNN,
 * byte by byte: control characters (C0, DEL, C1), bytes that are no UTF-8, invisible and
 * direction-changing characters, noncharacters (XML has no place for them). \n, \r and \t are written
 * so. Without @utf8 every byte above 0x7e is written as \xNN. What begins a command to the reader of
 * a CI job's log (oom_begins_command()) loses its first character so.
 */

enum { OOM_COMMAND_BYTES = 16 }; /* of which oom_begins_command() looks at, at most */
/* Does @text, of @len bytes, begin with what such a reader obeys wherever it stands in a line? */
bool oom_begins_command(const char *text, size_t len);

enum { OOM_ESCAPE_BYTES = 8 };
/* The next harmless piece of *@text, which moves on: a character as it is, or an escape. Its length; 0
 * at the end. */
size_t oom_escape_next(const char **text, bool utf8, char piece[static OOM_ESCAPE_BYTES]);
/* Invisible, or turning the reading direction of what follows; and what XML 1.0 forbids. */
bool oom_codepoint_is_harmful(uint32_t cp);

/* What an ASCII character is written as in the format at hand; NULL: as itself. */
typedef const char *oom_char_map(char c);

/* NULL is written as nothing. */
void oom_escape_put(FILE *out, const char *text, bool utf8, oom_char_map *map);
/* A copy without controls; "" for NULL; NULL without memory. */
char *oom_escape_dup(struct oom_arena *arena, const char *text, bool utf8);

#endif
