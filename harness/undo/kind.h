/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_UNDO_KIND_H
#define OOM_UNDO_KIND_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A kind of undo is one const struct at the end of its file (undo_*.c) and one line in undo.def.
 * Its undo() is called once or more, by the process that made the change or by a later one, and
 * must not fail when there is nothing (left) to undo.
 */
struct oom_undo_kind {
	const char *name;
	const char *args; /* what they are: "PID STARTTIME" */
	unsigned n_args;
	const char *verb, *past; /* "kill process", "killed process": the first argument follows */
	bool survives_boot; /* what it undoes may still be there after a reboot */
	/* Are the arguments of the right form? May be NULL. */
	int (*check)(char *const *args, struct oom_err *err);
	/* 1: undone; 0: there was nothing to undo; -errno. */
	int (*undo)(char *const *args, struct oom_err *err);
};

#define UNDO(ident) extern const struct oom_undo_kind oom_undo_kind_##ident;
#include "harness/undo/undo.def"
#undef UNDO

extern const struct oom_undo_kind *const oom_undo_kinds[]; /* NULL at the end */
const struct oom_undo_kind *oom_undo_kind_find(const char *name);

enum { OOM_UNDO_ARGS_MAX = 4 };

/* One change in a list. */
struct oom_undo_entry {
	const struct oom_undo_kind *kind;
	char *line; /* owns the arguments */
	char *args[OOM_UNDO_ARGS_MAX + 1]; /* NULL at the end */
	long offset; /* of its line in the file */
	bool done;
};

struct oom_undo_entries {
	struct oom_undo_entry *items;
	unsigned count, capacity;
};

/* "KIND ARG…\n" with every byte that is not printable escaped as \xNN and an empty argument as \e;
 * malloc()ed, NULL without memory. */
char *oom_undo_line_format(const char *kind, char *const *args, unsigned n_args);
/* Reads what oom_undo_line_format() wrote (without the newline), in a copy. -EBADMSG for a line
 * that is none, -ENOTSUP for a kind that this program does not know. */
int oom_undo_line_parse(const char *line, size_t len, struct oom_undo_entry *ret);

int oom_undo_entries_push(struct oom_undo_entries *list, const struct oom_undo_entry *entry);
void oom_undo_entries_drop(struct oom_undo_entries *list, unsigned count); /* all after @count */
/* Undoes from the last to the first. Returns how many were really undone; the first failure is in
 * *ret_failed (0: none) and @err. @say gets "killed process '12'". */
int oom_undo_entries_run(struct oom_undo_entries *list, bool after_boot,
	void (*say)(const char *what), struct oom_err *err, int *ret_failed);

#define OOM_UNDO_MAGIC "oomgate-undo 1"
/*
 * A whole list: its first line, "oomgate-undo 1 PID STARTTIME BOOTID", whose boot goes to @ret_boot, and one
 * entry for each other. 0; -EBADMSG where the first line is none, and then nothing is read; else the -errno of
 * the last line that is none: one bad line must not keep the others from being undone. A last line without
 * its newline was never finished: the change that it speaks of was not made.
 */
int oom_undo_list_parse(
	const char *text, size_t len, char ret_boot[static 40], struct oom_undo_entries *list);
int oom_undo_boot_id(char buf[static 40]);

#endif
