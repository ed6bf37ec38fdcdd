/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_ROOT_H
#define OOM_CGROUP_ROOT_H

#include "harness/undo/undo.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The cgroup below which units are made. */
struct oom_cgroup_root {
	bool v1;
	bool needs_leaf; /* v2: our processes must go to a child first */
	char shared_leaf[512]; /* v2: the one of another run that we are in; "": none */
	int fd;
	char path[512];
	int pids_fd; /* v1: of the pids hierarchy, -1: not mounted */
	char pids_path[512];
};

/*
 * Finds it: @wanted ($OOMGATE_CGROUP; NULL: none), else our own cgroup if nobody else is in it (or
 * it is the top of what is to be seen), else its parent. Changes nothing. -errno with one sentence.
 */
int oom_cgroup_root_find(
	const char *sysroot, const char *wanted, struct oom_err *err, struct oom_cgroup_root *ret);
/* Makes room (v2): moves processes to a leaf where it must, and gives the children the memory and
 * pids controllers. All of it is on the undo list first. */
int oom_cgroup_root_prepare(struct oom_cgroup_root *root, struct oom_undo *undo, const char *token,
	struct oom_err *err);
/* Gives the children of @dir_fd a controller. @undo NULL: the directory is ours and goes as a
 * whole. */
int oom_cgroup_enable(int dir_fd, const char *path, const char *controller, struct oom_undo *undo,
	struct oom_err *err);
void oom_cgroup_root_release(struct oom_cgroup_root *root);

#endif
