/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_AGENT_H
#define OOM_GUEST_AGENT_H

#include "harness/guest/internal.h"

/* A process that waits for a job: all that can be done before it is known is done when the guest is saved. */
struct oom_agent_runner {
	pid_t pid;
	int pid_fd, job_fd, request_fd, record_fd, complaint_fd; /* to or from it; -1: closed */
	char evidence_dir[256];
};

/* Starts it, its evidence below @evidence_dir, and waits until service->prepare() is done in it. */
int oom_agent_runner_start(const struct oom_guest_service *service, const char *evidence_dir, struct oom_err *err,
	struct oom_agent_runner *ret);
/* Is there one, and alive? */
bool oom_agent_runner_waits(const struct oom_agent_runner *runner);
/* Ends it, if it still is. */
void oom_agent_runner_end(struct oom_agent_runner *runner);
/* Hands it the job as it came from the host, with a sign of life every second; then its record and its
 * evidence to the host. A runner serves once. */
int oom_agent_run(int port, struct oom_agent_runner *runner, const char *job, size_t len, struct oom_err *err);

/* Before the guest is saved: what would else be done in every restored one. */
void oom_agent_warm_up(void);

#endif
