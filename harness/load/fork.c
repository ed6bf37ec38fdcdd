// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/load/load.h"

int32_t oom_load_fork(struct oom_load *load)
{
	pid_t parent = getpid(), pid = fork();

	if (pid > 0)
		oom_load_child(load, pid);
	if (pid == 0) {
		load->paced_bytes = 0;
		oom_load_reseed();
		/* With a pidfd every wait of ours ends with the runner; the parent may die (it is
		 * the experiment) and the child goes on. */
		if (load->runner_fd < 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(OOM_LOAD_EXIT_FAILED);
		}
	}
	return pid;
}

int32_t oom_load_fork_always(struct oom_load *load, int *ret_status)
{
	for (;;) {
		int32_t pid = oom_load_fork(load);
		int status;

		if (pid >= 0)
			return pid;
		status = oom_load_refused(load, errno);
		if (status != OOM_LOAD_RETRY) {
			*ret_status = status;
			return -1;
		}
	}
}

int oom_load_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int oom_load_wait(struct oom_load *load, int status)
{
	int wait_status, child;

	for (;;) {
		if (waitpid(-1, &wait_status, 0) < 0) {
			if (errno == EINTR)
				continue;
			return status;
		}
		if (WIFSIGNALED(wait_status))
			atomic_fetch_add(&load->page->n_killed, 1);
		child = oom_load_status(wait_status);
		if (child > status)
			status = child;
	}
}
