/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_BACKEND_H
#define OOM_BACKEND_H

#include "harness/undo/undo.h"
#include "lib/record/record.h"
#include "lib/scenario/scenario.h"

/*
 * Where the units of a scenario live: transient systemd units, or plain cgroup directories. (A guest
 * is no backend: it is a machine on which oomgate runs itself with one.) Copy backend_cgroup.c.
 */
struct oom_backend_unit {
	char name[64]; /* in the scenario */
	char unit[192]; /* "oomgate-3f2a-box.scope", or the directory */
	char cgroup[512]; /* below the cgroup root, "/…" */
	int dir_fd; /* the cgroup's directory (v1: in the memory hierarchy) */
	const struct oom_section *section;
	bool v1;
	int keeper_pid; /* keeps the unit alive until its evidence is read; 0: none */
	void *priv;
};

struct oom_backend {
	const char *name; /* --in NAME */
	const char *help;
	/* 0, or -errno with the reason it cannot serve here */
	int (*probe)(struct oom_err *err);
	/* Does now what the next open() and start() of this process would, or NULL: a guest is saved behind
	 * that. Nothing of it survives a fork(). */
	int (*prepare)(struct oom_err *err);
	/* @token makes names unique to this attempt. */
	int (*open)(struct oom_undo *undo, const char *token, struct oom_err *err, void **ret_ctx);
	/* Starts the slice, scope or service of @section; appends to the undo list first. ret->dir_fd is
	 * open. A slice must be started before what names it in Slice=. */
	int (*start)(void *ctx, const struct oom_section *section, struct oom_err *err,
		struct oom_backend_unit *ret);
	/* Moves a process there, where it could not be started inside (CLONE_INTO_CGROUP, which takes
	 * unit->v1 ? -1 : unit->dir_fd). */
	int (*attach)(void *ctx, struct oom_backend_unit *unit, int pid, struct oom_err *err);
	/* Writes a property of a running unit ("MemoryMax", "100M"). No allocation may fail here that
	 * would not have failed before: called in mid-run. */
	int (*set)(void *ctx, struct oom_backend_unit *unit, const char *property,
		const struct oom_value *value, struct oom_err *err);
	/* After the run: names, Result, ActiveState, limits and peak into the record. Read the files of
	 * dir_fd before: this may let systemd finish what it began, and the cgroup goes with that. */
	int (*collect)(void *ctx, struct oom_backend_unit *unit, struct oom_arena *arena,
		struct oom_unit_rec *rec);
	/* Ends what is left in it and removes it; closes dir_fd. Once more does no harm. */
	int (*stop)(void *ctx, struct oom_backend_unit *unit, struct oom_err *err);
	void (*close)(void *ctx);
};

extern const struct oom_backend oom_backend_scope, oom_backend_cgroup;
extern const struct oom_backend *const oom_backends[]; /* NULL at the end */
const struct oom_backend *oom_backend_find(const char *name);

#endif
