// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/attempt/gate.h"

#include "harness/host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

void oom_workload_go(struct oom_run_workload *workload)
{
	if (workload->gate_fd < 0)
		return;
	/* a pipe of one byte never blocks; who was to read it and is gone has ended, which its pidfd tells */
	workload->started = write(workload->gate_fd, "g", 1) == 1;
	close(workload->gate_fd);
	workload->gate_fd = -1;
	if (workload->started)
		workload->start_us = oom_monotonic_us();
}

void oom_workload_reap(struct oom_run_workload *w)
{
	if (w->ended || wait4(w->pid, &w->wait_status, WNOHANG, &w->usage) != w->pid)
		return;
	w->end_us = oom_monotonic_us();
	w->ended = true;
}
