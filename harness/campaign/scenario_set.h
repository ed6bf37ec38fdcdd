/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_SCENARIO_SET_H
#define OOM_SCENARIO_SET_H

#include "lib/scenario/scenario.h"

#include <stdio.h>

/* The scenarios that a command line means: files and folders, all parsed, chosen by tags. */
struct oom_scenario_set {
	struct oom_arena arena;
	struct oom_scenario **scenarios; /* in the order of the paths, folders sorted by name */
	size_t count;
	size_t n_files; /* read in all, those that the tags leave out included */
};

/*
 * Reads the @n @paths: files (whatever their name), and folders with every NAME.scenario below them but
 * hidden ones. A scenario has one id, however it was named: its real path below the nearest folder called
 * "scenarios", without ".scenario" (memcg/over-cap); outside of such a folder FOLDER/NAME.
 *
 * @tag_expr (NULL: all): words that a scenario's Tags= must have, "memcg,cow": any of them,
 * "smoke+memcg": both, "!slow": not that one, "memcg,!slow": the first, unless the second.
 *
 * -EBADMSG: mistakes were added to @diags, those of all files. Otherwise -errno with @err: a path or a
 * folder without scenarios, two scenarios of one id, a wrong @tag_expr, a tag in it that no
 * scenario has, none that it leaves.
 */
int oom_scenario_set_parse(const char *const *paths, size_t n, const char *tag_expr,
	struct oom_diags *diags, struct oom_err *err, struct oom_scenario_set *ret);

/* The same for commands that want nothing but the set: mistakes are printed to stderr (-EBADMSG). */
int oom_scenario_set_load(const char *const *paths, size_t n, const char *tag_expr,
	struct oom_err *err, struct oom_scenario_set *ret);

void oom_scenario_set_release(struct oom_scenario_set *set);

/* "file:line:col: message", one a line, and how many there are. */
void oom_diags_print(const struct oom_diags *diags, FILE *out);

#endif
