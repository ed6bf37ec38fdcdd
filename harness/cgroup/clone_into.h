/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CLONE_INTO_H
#define OOM_CLONE_INTO_H

#include "lib/base/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OOM_ADJ_INHERIT INT_MIN

/* A program to start inside a cgroup. Zero-initialise it, then set cgroup_fd. */
struct oom_spawn {
	const char *path; /* of the program; no search */
	char *const *argv;
	char *const *envp; /* NULL: ours */
	int cgroup_fd; /* directory of a v2 cgroup to be born in; -1: none, or v1 */
	/* Moves the process there where it cannot be born there; NULL: it stays where we are.
	 * Called while the child waits, before it executes anything. */
	int (*attach)(void *ctx, pid_t pid, struct oom_err *err);
	void *attach_ctx;
	const int *stdio; /* three fds for 0, 1, 2; NULL: /dev/null, and ours for 2 */
	const int *keep_fds; /* stay open across exec under their own numbers */
	size_t n_keep_fds;
	bool set_adj;
	int oom_score_adj;
	bool set_user; /* setgroups() to none, then gid and uid */
	uid_t uid;
	gid_t gid;
	bool die_with_parent; /* SIGKILL when the calling thread ends */
	bool new_session;
};

/*
 * Starts it: clone3() with CLONE_INTO_CGROUP and CLONE_PIDFD (Linux 5.7), else fork(), attach() and
 * then exec. Signals are unblocked and have their default actions in it; every fd but those named
 * is closed on exec. Returns when it was executed.
 *
 * -errno: of the step that failed, named in @err, and no process is left. *ret_pidfd is -1 on
 * kernels without pidfds (before 5.3). Either pointer may not be NULL.
 */
int oom_spawn_into(
	const struct oom_spawn *spawn, struct oom_err *err, pid_t *ret_pid, int *ret_pidfd);

#endif
