/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LIST_H
#define OOM_LIST_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/scenario/key.h"

#include <libsmartcols.h>

/*
 * 'oomgate list': every kind of thing there is, from the tables that the program itself works with. The
 * same rows are printed as a table, as JSON, as bare names (for completion) and as a part of the manual.
 */
struct oom_list {
	struct oom_arena arena; /* for texts of rows */
	struct libscols_table *table;
	size_t n_columns;
	const struct oom_list_kind *kinds; /* all that can be listed; name NULL at the end */
	char **paths; /* behind the kind, on the command line */
	int n_paths;
};

struct oom_list_kind {
	const char *name, *help;
	const char *columns[7]; /* the first is a name, the last a sentence; NULL at the end */
	/* Adds the rows. 0 or -errno with @err. */
	int (*fill)(struct oom_list *list, struct oom_err *err);
	/* Instead of a table: prints it all itself. NULL for a table. */
	int (*print)(struct oom_list *list, struct oom_err *err);
	bool takes_paths; /* PATH... behind the kind */
};

extern const struct oom_list_kind oom_list_kinds[]; /* name NULL at the end */

/* "number, -1000..1000", "write|read", "size": what a key's value looks like; @buf is returned. */
enum { OOM_KEY_TYPE_MAX = 2048 };
const char *oom_key_type_text(const struct oom_key *key, char buf[static OOM_KEY_TYPE_MAX]);

/* list_keys.c */
int oom_list_keys(struct oom_list *list, struct oom_err *err);
int oom_list_properties(struct oom_list *list, struct oom_err *err);

/* list_man.c: @kind as scdoc(5): a definition for each row; "keys" with a heading for each section */
int oom_list_man(const struct oom_list_kind *kind, struct oom_list *list, struct oom_err *err);

/* list_completion.c: bash's, from the same tables */
int oom_list_completion(struct oom_list *list, struct oom_err *err);

#endif
