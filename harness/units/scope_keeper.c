// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/scope_keeper.h"

#include "harness/cgroup/clone_into.h"
#include "harness/host/libexec.h"
#include "harness/host/process.h"
#include "harness/undo/add.h"
#include "harness/units/backend_scope.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

int oom_scope_keeper_start(struct scope_ctx *ctx, struct scope_unit *unit, struct oom_err *err)
{
	char program[PATH_MAX];
	char *argv[] = {program, (char *)"keep", NULL};
	struct oom_spawn spawn = {
		.path = program,
		.argv = argv,
		.cgroup_fd = -1,
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
	r = oom_spawn_into(&spawn, err, &unit->keeper, &unit->keeper_pidfd);
	if (r == -EACCES) {
		spawn.set_adj = false;
		r = oom_spawn_into(&spawn, err, &unit->keeper, &unit->keeper_pidfd);
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
