/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_LOAD_SETUP_H
#define OOM_LOAD_SETUP_H

#include "harness/load/load.h"

/* What a process of oomgate-workload makes of itself before its workload runs. */
struct oom_load_setup {
	const char *type, *name;
	const char *user; /* name of /etc/passwd, or UID[:GID]; NULL: stay */
	const char *adj; /* oom_score_adj; NULL: inherited */
	const char *cpus; /* "0-1,3"; NULL: inherited */
	const char *nice; /* -20..19; NULL: inherited */
	/* set_mempolicy(2): default, local, bind:0-1, preferred:1, interleave:0,1; NULL: inherited
	 */
	const char *memory_policy;
	uint64_t parent_pid; /* the runner, 0: whoever the parent is */
	int page_fd;
};

/*
 * Session and process group of its own, name (PR_SET_NAME, the first 15 bytes), default signals, no
 * core, oom_score_adj, CPUs, user, and death with the runner, in the order that works: what needs
 * privileges first, PR_SET_PDEATHSIG (which a change of user clears) last. Also opens runner_fd. 0,
 * or 125 with the page's msg.
 */
int oom_load_become(struct oom_load *load, const struct oom_load_setup *setup);

#endif
