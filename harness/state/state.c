// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/state/state.h"

#include "harness/host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>

struct oom_backend_unit *oom_run_unit(const struct oom_run_state *run, const char *name)
{
	for (size_t i = 0; name && i < run->n_units; i++)
		if (!strcmp(run->units[i].name, name))
			return &run->units[i];
	return NULL;
}

struct oom_run_workload *oom_run_workload(const struct oom_run_state *run, const char *name)
{
	for (size_t i = 0; name && i < run->n_workloads; i++)
		if (!strcmp(run->workloads[i].name, name))
			return &run->workloads[i];
	return NULL;
}

void oom_run_activity(struct oom_run_state *run)
{
	run->activity_us = oom_monotonic_us();
}

bool oom_run_workload_gone(const struct oom_run_workload *workload)
{
	struct pollfd fd = {.fd = workload->pid_fd, .events = POLLIN};

	return workload->ended || (workload->pid_fd >= 0 && poll(&fd, 1, 0) > 0);
}
