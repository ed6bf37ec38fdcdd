/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_GUEST_AGENT_H
#define OOM_GUEST_AGENT_H

#include "harness/guest/wire/job.h"
#include "lib/record/record.h"

#include <sys/types.h>

/* A process that waits for a job: all that can be done before it is known is done when the guest is saved. */
struct oom_agent_runner {
	pid_t pid;
	int pid_fd, job_fd, request_fd, record_fd, complaint_fd; /* to or from it; -1: closed */
	char evidence_dir[256];
	bool served; /* its job: it is good for no other */
};

/*
 * In the guest, started by its systemd unit: serves attempts over the virtio-serial port @path ("auto":
 * the one named oomgate.0), each in a process of its own, which prepares before the guest is saved. run()
 * judges one job; its record goes to the host.
 */
struct oom_guest_service {
	void (*prepare)(void); /* what needs no job; may be NULL */
	int (*run)(const struct oom_guest_job *job, struct oom_err *err, struct oom_attempt **ret);
};

int oom_guest_agent(const char *path, const struct oom_guest_service *service);

#endif
