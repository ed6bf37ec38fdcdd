/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_H
#define OOM_ATTEMPT_H

#include "harness/state/state.h"

/* How one attempt runs on this very machine. */
struct oom_local_options {
	const struct oom_backend *backend;
	const char *machine; /* id for the record */
	unsigned attempt; /* from 1 */
	uint64_t seed;
	uint64_t timeout_us; /* 0: the scenario's own */
	const char *token; /* part of the names of what it makes; NULL: one of its own */
	const char *evidence_dir; /* NULL: keep no raw evidence */
	bool in_guest; /* the machine is ours to break */
	bool machine_ends; /* with this attempt: what it changed need not be undone */
	bool allow_host_oom;
	int signal_fd; /* a signalfd(2) of SIGINT and SIGTERM, or -1 */
	void (*on_phase)(struct oom_run_state *run, enum oom_phase phase);
};

/* A token that no other process will have. */
void oom_attempt_token(char buf[static OOM_TOKEN_BYTES]);

/*
 * One attempt, from needs to verdict; everything it changed is undone when it returns, unless the machine
 * ends with it (then nothing presses any more, and that is all). In a guest nobody could undo it later: no
 * undo list is kept, units and files of sources are given back all the same. *@ret is a whole
 * record whatever happened (verdict broken where the set-up failed). -ENOMEM, or -EINTR after an
 * interruption, in which case there is no record.
 */
int oom_attempt_run_local(const struct oom_scenario *scenario,
	const struct oom_local_options *options, struct oom_attempt **ret);

#endif
