/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_AGENT_RUN_H
#define OOM_AGENT_RUN_H

#include "harness/guest/agent/agent.h"

/* Hands it the job as it came from the host, with a sign of life every second; then its record and its
 * evidence to the host. A runner serves once, and stays until oom_agent_runner_end(). */
int oom_agent_run(int port, struct oom_agent_runner *runner, const char *job, size_t len,
	struct oom_err *err);
/* Ends it, if it still is. */
void oom_agent_runner_end(struct oom_agent_runner *runner);
/* Starts it, its evidence below @evidence_dir, and waits until service->prepare() is done in it. */
int oom_agent_runner_start(const struct oom_guest_service *service, const char *evidence_dir,
	struct oom_err *err, struct oom_agent_runner *ret);
/* Is there one, alive and without a job? */
bool oom_agent_runner_waits(const struct oom_agent_runner *runner);

/*
 * In a job: asks the host for what only it can do, as one line of JSON ({"balloon_bytes":N} leaves the
 * guest N bytes; {"swap_error":true} makes its swap disk fail; {"cpu_unplug":N}, {"memory_unplug":N}
 * take N processors or memory modules out). Allocates nothing. -ENOTCONN where there is no host.
 */
int oom_guest_request(const char *json);

#endif
