// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/load/keep.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

int oom_load_keep(void)
{
	sigset_t all;

	/* whoever started us may be gone already: then nobody would end us */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() == 1)
		return 1;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close(STDOUT_FILENO); /* whoever waits for that knows us asleep */
	for (;;)
		pause();
}
