/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CHOICE_H
#define OOM_CHOICE_H

#include "lib/base/err.h"

#include <stddef.h>

/*
 * A word of the user's that is none of the @count @names: "unknown format 'jsno', did you mean 'json'?", or,
 * where none is near, "unknown format 'xml', expected one of text, json". @what says what kind of word it is.
 * Returns -EINVAL.
 */
int oom_choice_unknown(struct oom_err *err, const char *what, const char *word,
	const char *const *names, size_t count);

#endif
