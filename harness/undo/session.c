// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/session.h"

#include "harness/host/process.h"
#include "harness/undo/kind.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a program that runs in no cgroup of ours has started and left: the processes of its session.
 * The number of a session is not given to a new process as long as one of its members lives
 * (pid_namespaces(7), kernel/pid.c), and members are younger than its first process.
 */

#define KILL_TIMEOUT_US 10000000

/* One pass over /proc: how many were killed, or -errno. */
static int kill_members(pid_t session, uint64_t start_ticks, uint64_t left_us, struct oom_err *err)
{
	oom_autoclosedir DIR *proc = opendir("/proc");
	struct dirent *d;
	int killed = 0;

	if (!proc)
		return oom_err_errno(err, errno, "cannot read '/proc'");
	while ((d = readdir(proc))) {
		int pid = atoi(d->d_name), r;
		uint64_t start;
		char state;

		if (pid < 2 || pid == getpid() || oom_proc_session(AT_FDCWD, pid) != session ||
			oom_process_stat(pid, &state, &start) < 0 || start < start_ticks)
			continue;
		r = oom_process_kill(pid, start, left_us, err);
		if (r < 0)
			return r;
		killed += r;
	}
	return killed;
}

int oom_session_kill(pid_t session, uint64_t start_ticks, struct oom_err *err)
{
	uint64_t deadline_us = oom_monotonic_us() + KILL_TIMEOUT_US, start;
	int all = 0;
	char state;

	/* the number went to another process: nobody is left of ours */
	if (!oom_process_stat(session, &state, &start) && start != start_ticks)
		return 0;
	for (;;) {
		uint64_t now = oom_monotonic_us();
		int r = now < deadline_us
			? kill_members(session, start_ticks, deadline_us - now, err)
			: oom_err_set(err, ETIMEDOUT,
				  "the processes of session %d fork faster than they can be killed",
				  (int)session);

		if (r <= 0)
			return r < 0 ? r : all;
		all += r;
	}
}

static int read_args(
	char *const *args, struct oom_err *err, pid_t *ret_session, uint64_t *ret_start)
{
	char *end[2];
	long session = strtol(args[0], &end[0], 10);
	unsigned long long start = strtoull(args[1], &end[1], 10);

	/* 1 and 0 (and everything with them) are never ours */
	if (*end[0] || *end[1] || !*args[1] || session < 2 || session > INT_MAX)
		return oom_err_set(
			err, EINVAL, "'%s %s' is not a session to undo", args[0], args[1]);
	*ret_session = (pid_t)session;
	*ret_start = start;
	return 0;
}

static int check(char *const *args, struct oom_err *err)
{
	pid_t session;
	uint64_t start;

	return read_args(args, err, &session, &start);
}

static int undo(char *const *args, struct oom_err *err)
{
	pid_t session;
	uint64_t start;
	int r = read_args(args, err, &session, &start);

	if (r >= 0)
		r = oom_session_kill(session, start, err);
	return r > 0 ? 1 : r;
}

const struct oom_undo_kind oom_undo_kind_session = {
	.name = "session",
	.args = "PID STARTTIME",
	.n_args = 2,
	.verb = "kill the processes of session",
	.past = "killed the processes of session",
	.check = check,
	.undo = undo,
};
