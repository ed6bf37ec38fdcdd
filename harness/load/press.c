// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/crowd.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int oom_load_press(struct oom_load *load, int (*press)(struct oom_load *load, void *ctx), void *ctx)
{
	uint64_t count = oom_load_number(load, "Count", 1);
	struct oom_crowd crowd;
	int status = 0;

	if (count > 1 && oom_crowd_open(&crowd))
		return oom_load_failed(load, "cannot create a pipe: %m");
	oom_load_gate(load);
	if (count <= 1) {
		status = press(load, ctx);
		if (!status)
			oom_load_hold(load, 0);
		return status;
	}
	status = oom_crowd_fork(&crowd, load, press, ctx);
	return oom_crowd_end(&crowd, load, status, 0);
}
