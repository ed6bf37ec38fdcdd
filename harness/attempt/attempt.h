/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_RUNNER_H
#define OOM_RUNNER_H

#include "harness/state/state.h"

/* How one attempt runs on this very machine. */
struct oom_local_options {
	const struct oom_backend *backend;
	const char *machine;	  /* id for the record */
	unsigned attempt;	  /* from 1 */
	uint64_t seed;
	uint64_t timeout_us;	  /* 0: the scenario's own */
	const char *evidence_dir; /* NULL: keep no raw evidence */
	bool in_guest;		  /* the machine is ours to break */
	bool machine_ends;	  /* with this attempt: what it changed need not be undone */
	bool allow_host_oom;
	int signal_fd;		  /* a signalfd(2) of SIGINT and SIGTERM, or -1 */
	void (*on_phase)(struct oom_run_state *run, enum oom_phase phase);
};

/*
 * One attempt, from needs to verdict; everything it changed is undone when it returns, unless the machine
 * ends with it (then nothing presses any more, and that is all). *@ret is a whole
 * record whatever happened (verdict broken where the set-up failed). -ENOMEM, or -EINTR after an
 * interruption, in which case there is no record.
 */
int oom_attempt_run_local(const struct oom_scenario *scenario,
	const struct oom_local_options *options, struct oom_attempt **ret);

/* The steps. All return 0 or -errno with @err. */
int oom_backend_open(struct oom_run_state *run, struct oom_err *err);
int oom_units_start(struct oom_run_state *run, struct oom_err *err);
int oom_sysctls_set(struct oom_run_state *run, struct oom_err *err);
/* Writes the scenario's files (run_files.c): the guest's, which is thrown away. */
int oom_files_write(struct oom_run_state *run, struct oom_err *err);
int oom_launch(struct oom_run_state *run, struct oom_err *err);
void oom_launch_release(struct oom_run_state *run);
int oom_faults_prepare(struct oom_run_state *run, struct oom_err *err);
void oom_faults_release(struct oom_run_state *run);
int oom_triggers_prepare(struct oom_run_state *run, struct oom_err *err);
void oom_triggers_check(struct oom_run_state *run);
/* Opens the gate, serves events until the run is over and quiet. */
int oom_run_go(struct oom_run_state *run, struct oom_err *err);
int oom_run_collect(struct oom_run_state *run);
/* Who killed whom: fills killed_by, evidence and the owner of each kill; finds disagreements. */
int oom_attribute(struct oom_run_state *run);

/* The scenario's risk for a host, as a sentence; NULL: none. */
const char *oom_host_risk(const struct oom_scenario *scenario, char *buf, size_t size);
/* What 100 % of a workload's sizes is: its scope's MemoryMax, else the machine's memory. */
uint64_t oom_unit_limit_bytes(const struct oom_scenario *scenario, const char *unit,
	uint64_t machine_bytes);

/* Opens the gate of one workload now. */
void oom_workload_go(struct oom_run_workload *workload);
/* SIGKILL to every process of the unit but its keeper. */
void oom_unit_kill(const struct oom_backend_unit *unit);

#endif
