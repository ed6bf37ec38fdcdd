/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_USAGE_H
#define OOM_USAGE_H

#include "lib/base/err.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * No option is ignored: one that has no effect beside the others is refused with the reason and the way out. A
 * command says in two tables where that is so: the situations that its command line can be in (a bit each), and
 * for every option those in which it has no effect.
 */
struct oom_usage_situation {
	unsigned bit;
	const char
		*where; /* behind "--keep has no effect ": which situation, why, and what to do */
};

struct oom_usage_option {
	int key; /* as in the command's struct argp_option */
	unsigned no_effect; /* in any of these situations */
};

struct oom_usage {
	const struct argp_option
		*options; /* of the command; name NULL and key 0 at the end, at most 64 */
	const struct oom_usage_situation
		*situations; /* bit 0 at the end; the first that fits is told */
	const struct oom_usage_option *table; /* key 0 at the end */
};

/* A set of options that were given, for a command's parser: any key may be noted, those of argp's own, too. */
struct oom_usage_given {
	unsigned long long bits;
};
void oom_usage_note(struct oom_usage_given *given, const struct oom_usage *usage, int key);
bool oom_usage_has(const struct oom_usage_given *given, const struct oom_usage *usage, int key);

/* 0, or -EINVAL with a sentence: the first option given that has no effect in @situations. */
int oom_usage_check(const struct oom_usage *usage, const struct oom_usage_given *given,
	unsigned situations, struct oom_err *err);

#endif
