// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/scope_keeper.h"

#include "harness/cgroup/clone_into.h"
#include "harness/host/libexec.h"
#include "harness/host/process.h"
#include "harness/undo/add.h"
#include "harness/units/backend_scope.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

enum { ASLEEP_LIMIT_MS = 5000 };

static struct {
	pid_t pid; /* 0: none */
	int pidfd;
} prepared;

static int spawn(const int *stdio, struct oom_err *err, pid_t *ret_pid, int *ret_pidfd)
{
	char program[PATH_MAX];
	char *argv[] = {program, (char *)"keep", NULL};
	struct oom_spawn spawn = {
		.path = program,
		.argv = argv,
		.cgroup_fd = -1,
		.stdio = stdio,
		.die_with_parent = true,
		.new_session = true,
		/* it weighs next to nothing, and must outlive everybody (even in memory.oom.group)
		 */
		.set_adj = true,
		.oom_score_adj = -1000,
	};
	int r = oom_libexec_find("oomgate-workload", err, program, sizeof(program));

	if (r < 0)
		return r;
	r = oom_spawn_into(&spawn, err, ret_pid, ret_pidfd);
	if (r == -EACCES) {
		spawn.set_adj = false;
		r = oom_spawn_into(&spawn, err, ret_pid, ret_pidfd);
	}
	return r;
}

int oom_scope_keeper_prepare(struct oom_err *err)
{
	oom_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC), output = -1, end = -1;
	int pair[2], r;

	if (prepared.pid)
		return 0;
	if (null < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return oom_err_errno(err, errno, "cannot prepare to start a scope's keeper");
	output = pair[0];
	end = pair[1];
	r = spawn((const int[]){null, end, 2}, err, &prepared.pid, &prepared.pidfd);
	oom_closep(&end);
	/* it closes its output when all that is left to it is to wait */
	if (!r)
		(void)poll(&(struct pollfd){.fd = output}, 1, ASLEEP_LIMIT_MS);
	return r;
}

int oom_scope_keeper_start(struct scope_ctx *ctx, struct scope_unit *unit, struct oom_err *err)
{
	int r = 0;

	if (prepared.pid) {
		unit->keeper = prepared.pid;
		unit->keeper_pidfd = prepared.pidfd;
		prepared.pid = 0;
	} else {
		r = spawn(NULL, err, &unit->keeper, &unit->keeper_pidfd);
	}
	return r < 0 ? r : oom_undo_add_process(ctx->undo, unit->keeper, err);
}

void oom_scope_keeper_end(struct scope_unit *unit)
{
	if (unit->keeper <= 0)
		return;
	kill(unit->keeper, SIGKILL);
	/* killed, so it ends; but in a frozen cgroup of v1 only when that thaws */
	if (unit->keeper_pidfd < 0 ||
		!oom_pidfd_wait(unit->keeper_pidfd, oom_monotonic_us() + 5000000))
		while (waitpid(unit->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	oom_closep(&unit->keeper_pidfd);
	unit->keeper = 0;
}
