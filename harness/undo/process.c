// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/host/process.h"
#include "harness/undo/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define KILL_TIMEOUT_US 10000000

static int number(const char *text, int64_t max, int64_t *ret)
{
	char *end;
	long long n;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (*end || errno || n > max)
		return -EINVAL;
	*ret = n;
	return 0;
}

static int read_args(char *const *args, struct oom_err *err, int64_t *ret_pid, int64_t *ret_start)
{
	/* 1 and 0 (and everything with them) are never ours */
	if (number(args[0], INT_MAX, ret_pid) < 0 || *ret_pid < 2)
		return oom_err_set(
			err, EINVAL, "'%s' is not the pid of a process to undo", args[0]);
	if (number(args[1], INT64_MAX, ret_start) < 0)
		return oom_err_set(
			err, EINVAL, "'%s' is not a start time of process %s", args[1], args[0]);
	return 0;
}

static int check(char *const *args, struct oom_err *err)
{
	int64_t pid, start;

	return read_args(args, err, &pid, &start);
}

static int undo(char *const *args, struct oom_err *err)
{
	int64_t pid, start;
	int r = read_args(args, err, &pid, &start);

	if (r < 0)
		return r;
	return oom_process_kill((pid_t)pid, (uint64_t)start, KILL_TIMEOUT_US, err);
}

const struct oom_undo_kind oom_undo_kind_process = {
	.name = "process",
	.args = "PID STARTTIME",
	.n_args = 2,
	.verb = "kill process",
	.past = "killed process",
	.check = check,
	.undo = undo,
};
